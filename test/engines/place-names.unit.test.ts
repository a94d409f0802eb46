import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isPlaceName, ownerOfPlace, placeName, stackMark } from '../../sandbox/engines/shared/isolation/place-names.ts';
import { seed, seedText } from '../support/seed.ts';

const marks = fc.stringMatching(/^[0-9a-f]{8}$/);
const owners = fc.record({
  pid: fc.integer({ min: 1, max: 2 ** 22 }),
  startedAtMs: fc.integer({ min: 0, max: 2 ** 42 }),
});

test(`the name of a place tells its stack and its owner, and no other stack's, ${seedText}`, () => {
  fc.assert(
    fc.property(marks, marks, owners, (mark, other, owner) => {
      const name = placeName(mark, owner);
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
      expect(isPlaceName(name)).toBe(true);
      expect(ownerOfPlace(name, mark)).toEqual(owner);
      if (other !== mark) expect(ownerOfPlace(name, other)).toBeUndefined();
      expect(placeName(mark, owner)).not.toBe(name);
    }),
    { seed },
  );
});

test.each([
  '',
  'place',
  'place_of_somebody',
  'taishang_content',
  'place_0123abcd_1_1_0123abcd_more',
  'PLACE_0123abcd_1_1_0123abcd',
])('nothing of ours: %s', (name) => {
  expect(isPlaceName(name)).toBe(false);
});

test('two stacks have two marks', () => {
  const of = (network: string) => stackMark({ nodes: [{ network }] } as unknown as Parameters<typeof stackMark>[0]);
  expect(of('taishang-one')).toBe(of('taishang-one'));
  expect(of('taishang-one')).not.toBe(of('taishang-other'));
});
