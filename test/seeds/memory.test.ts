import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runAsSandbox } from '../support/as-sandbox.ts';
import { testMemoryOf } from './support/reading-memory.ts';

const largest = 'users=100000000,contents=100000000,conversations=50000000,knowledge=10000000';

/** `npm run test:soak` reads more of them. */
testMemoryOf([
  ['large', 200, 0, 600_000],
  [largest, 40, 2, 100_000],
]);

test('rows that were read are collected while they are young', async () => {
  const printed = await runAsSandbox(join(import.meta.dirname, 'print-collections.ts'), []);
  const { rows, collections } = JSON.parse(printed) as { readonly rows: number; readonly collections: number };
  expect(rows).toBeGreaterThan(200_000);
  // 12 where the pool of workers keeps what it was answered, one or two otherwise.
  expect(collections).toBeLessThan(5);
});
