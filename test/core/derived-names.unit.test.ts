import fc from 'fast-check';
import { expect, test } from 'vitest';
import { derivedName, temporaryName, temporaryPrefix } from '../../sandbox/core/text/derived-names.ts';

const seed = Number(process.env.SANDBOX_TEST_SEED ?? Date.now() % 1_000_000);
const name = fc.string({ unit: 'grapheme', maxLength: 80 });
const suffix = fc.constantFrom('', '_restore', '.g12', '恢复');

test(`a derived name has at most so many bytes, and ends in its suffix (SANDBOX_TEST_SEED=${seed})`, () => {
  fc.assert(
    fc.property(name, suffix, fc.integer({ min: 40, max: 255 }), (whole, end, bytesMax) => {
      const derived = derivedName(whole, end, bytesMax);
      expect(Buffer.byteLength(derived)).toBeLessThanOrEqual(bytesMax);
      expect(derived.endsWith(end)).toBe(true);

      if (Buffer.byteLength(whole + end) <= bytesMax) expect(derived).toBe(whole + end);
    }),
    { seed },
  );
});

test('two names that differ only behind the cut stay two', () => {
  const long = '数'.repeat(21);
  expect(derivedName(`${long}一`, '_restore', 63)).not.toBe(derivedName(`${long}二`, '_restore', 63));
  expect(derivedName(long, '_restore', 63)).not.toBe(long);
});

test('temporary names are of one run and carry the mark', () => {
  const names = new Set(Array.from({ length: 100 }, temporaryName));
  expect(names.size).toBe(100);
  for (const each of names) expect(each.startsWith(temporaryPrefix)).toBe(true);
});
