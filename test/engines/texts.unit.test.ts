import { expect, test } from 'vitest';
import { oneOf, untilEnd } from '../../sandbox/engines/shared/quality/texts.ts';

test('the end of a pattern is the end of the text, and no newline before it', () => {
  expect(untilEnd('^a$')).toBe('^a(?![\\s\\S])');
  expect(untilEnd('^(a$|b$)')).toBe('^(a(?![\\s\\S])|b(?![\\s\\S]))');
  for (const kept of ['\\$', '[$]', '[^]$]', '[a\\]$]', '\\\\[$]', '(?m)^a$']) expect(untilEnd(kept)).toBe(kept);
  expect(new RegExp(untilEnd('^\\\\$')).test('\\')).toBe(true);
});

test('a text is one of others whatever blanks are around it', () => {
  const isMissing = (text: string) => new RegExp(oneOf(['', 'N/A', 'a.b'])).test(text);
  for (const text of ['', '  ', '\t\n', '\u00a0', '\u200b', '\u3000', 'N/A', ' N/A\n', 'a.b']) {
    expect(isMissing(text), JSON.stringify(text)).toBe(true);
  }
  for (const text of ['n/a', 'N/A.', 'a-b', '.', 'x ', '0']) expect(isMissing(text), JSON.stringify(text)).toBe(false);
});
