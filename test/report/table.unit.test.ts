import fc from 'fast-check';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { colorsFor } from '../../sandbox/report/colors.ts';
import { formatTable } from '../../sandbox/report/table.ts';
import { terminalText } from '../../sandbox/report/terminal.ts';
import { seed, seedText } from '../support/seed.ts';

const columns = [{ title: 'name' }, { title: 'found' }, { title: 'took', align: 'right' as const }];
const environment = { FORCE_COLOR: '0' };

const word = fc
  .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 120 })
  .map((text) => text.replaceAll(/\s/g, '_'));
const text = fc.array(word, { minLength: 1, maxLength: 12 }).map((words) => words.join(' '));
const rows = fc.array(fc.tuple(text, text, fc.nat(99_999).map(String)), { minLength: 1, maxLength: 6 });

const lettersOf = (shown: string) => [...shown.replaceAll(/\s/g, '')].toSorted().join('');

test(`in a terminal every line fits, and no character is lost, ${seedText}`, () => {
  fc.assert(
    fc.property(rows, fc.integer({ min: 80, max: 200 }), (all, width) => {
      const shown = terminalText(formatTable(columns, all, colorsFor({ isTTY: true, columns: width }, environment)));
      for (const line of shown.split('\n')) expect(stringWidth(line)).toBeLessThanOrEqual(width);
      const titles = columns.map(({ title }) => title).join('');
      expect(lettersOf(shown)).toBe(lettersOf(titles + all.flat().join('')));
    }),
    { seed, numRuns: 300 },
  );
});

test('elsewhere each row is one line, however long it is', () => {
  const all = [['a', 'word '.repeat(100).trim(), '1']];
  expect(formatTable(columns, all, colorsFor({}, environment)).trimEnd().split('\n')).toHaveLength(2);
});
