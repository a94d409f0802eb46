import { applyPatch } from 'diff';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unifiedDifference } from '../../sandbox/engines/shared/load/text-difference.ts';

const lines = fc.array(fc.constantFrom('a', 'b', 'c', '', 'd e'), { maxLength: 12 });
const seed = Number(process.env.SANDBOX_TEST_SEED ?? Date.now() % 1_000_000);

test('lines that are only moved are shown, with the file', () => {
  expect(unifiedDifference('schema/a.sql', 'one\ntwo\n', 'two\none\n')).toBe(
    '--- schema/a.sql\tthere\n+++ schema/a.sql\twanted\n@@ -1,2 +1,2 @@\n-one\n two\n+one',
  );
});

test(`the difference makes one text of the other, whatever they are (SANDBOX_TEST_SEED=${seed})`, () => {
  fc.assert(
    fc.property(lines, lines, (there, wanted) => {
      const [from, to] = [`${there.join('\n')}\n`, `${wanted.join('\n')}\n`];
      const difference = unifiedDifference('a.sql', from, to);
      expect(applyPatch(from, `${difference}\n`)).toBe(to);
      expect(/^@@ /m.test(difference)).toBe(from !== to);
    }),
    { seed },
  );
});
