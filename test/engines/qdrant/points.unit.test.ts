import fc from 'fast-check';
import { expect, test } from 'vitest';
import { storedVector, userPoint } from '../../../sandbox/engines/qdrant/data/points.ts';
import { seed } from '../../support/seed.ts';

/** What is nearly nothing, nearly of length 1, or too large to be squared: each has its own way of losing a bit. */
const oddNumber = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 1, -1, 1.401298464324817e-45, -1.401298464324817e-45, 1e-44, -3.2e-44, 3.4e38),
  fc.float({ min: Math.fround(0.999999), max: Math.fround(1.000001), noNaN: true }),
);
const oddVector = fc.array(oddNumber, { minLength: 1, maxLength: 768 }).map((numbers) => Float32Array.from(numbers));

test(`a point's text has the vector bit by bit, and the server has nothing to make of it (SANDBOX_TEST_SEED=${seed})`, () => {
  const property = fc.property(oddVector, (vector) => {
    const stored = storedVector(vector);
    const sent = JSON.parse(userPoint({ ...rowWith, vector })).vector as number[];
    expect(bitsOf(Float32Array.from(sent))).toEqual(bitsOf(stored));
    expect(bitsOf(storedVector(stored))).toEqual(bitsOf(stored));
    const square = stored.reduce((sum, number) => sum + number ** 2, 0);
    if (square > 0) expect(Math.abs(square - 1)).toBeLessThan(5e-7);
  });
  fc.assert(property, { seed, numRuns: 2_000 });
});

const rowWith = {
  userId: 'aaaaaaa1-0000-4000-8000-000000000001',
  siliconLevel: 1 as const,
  interests: [],
  learningStyle: 'visual' as const,
};

function bitsOf(vector: Float32Array): number[] {
  return [...new Uint32Array(vector.buffer, vector.byteOffset, vector.length)];
}
