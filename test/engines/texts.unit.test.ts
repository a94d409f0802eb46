import { expect, test } from 'vitest';
import { oneOf, trimmed, untilEnd } from '../../sandbox/engines/shared/quality/texts.ts';

test('the end of a pattern is the end of the text, and no newline before it', () => {
  expect(untilEnd('^a$')).toBe('^a(?![\\s\\S])');
  expect(untilEnd('^(a$|b$)')).toBe('^(a(?![\\s\\S])|b(?![\\s\\S]))');
  for (const kept of ['\\$', '[$]', '[^]$]', '[a\\]$]', '[[:alnum:]$_]', '[^[:^space:]$]', '\\\\[$]', '(?m)^a$'])
    expect(untilEnd(kept)).toBe(kept);
  expect(new RegExp(untilEnd('^\\\\$')).test('\\')).toBe(true);
});

test('a text is one of others whatever blanks are around it', () => {
  const isMissing = (text: string) => new RegExp(oneOf(['', 'N/A', 'a.b'])).test(text);
  for (const text of ['', '  ', '\t\n', '\u00a0', '\u200b', '\u3000', 'N/A', ' N/A\n', 'a.b']) {
    expect(isMissing(text), JSON.stringify(text)).toBe(true);
  }
  expect(new RegExp(oneOf(['N/A'])).test('  ')).toBe(false);
  for (const missing of [[' '], ['\t', 'x'], ['']]) expect(new RegExp(oneOf(missing)).test('\u00a0 ')).toBe(true);
  expect(new RegExp(oneOf([' N/A '])).test('N/A')).toBe(true);
  for (const text of ['n/a', 'N/A.', 'a-b', '.', 'x ', '0']) expect(isMissing(text), JSON.stringify(text)).toBe(false);
});

test('a long text of blanks that is more in the end takes no longer than it is long', () => {
  const before = process.cpuUsage();
  expect(new RegExp(oneOf(['', 'N/A'])).test(`${' '.repeat(300_000)}x`)).toBe(false);
  // Each pair of places would be 45 billion steps. What counts is the work: others may have the processors meanwhile.
  expect(process.cpuUsage(before).user / 1_000).toBeLessThan(5_000);
});

test('texts are told without the blanks around them', () => {
  expect(['', ' ', ' a b\u200b', '\u3000x', 'x'].map(trimmed)).toEqual(['', '', 'a b', 'x', 'x']);
});
