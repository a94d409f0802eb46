import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runAsSandbox } from '../support/as-sandbox.ts';

async function memoryOf(size: string, batches: number, workers: number) {
  const program = join(import.meta.dirname, 'print-memory.ts');
  const printed = await runAsSandbox(program, [size, String(batches), String(workers)]);
  return JSON.parse(printed) as { readonly rows: number; readonly residentBytesMax: number };
}

const largest = 'users=100000000,contents=100000000,conversations=50000000,knowledge=10000000';

test.each([
  ['medium', 1_000, 1, 300_000],
  ['large', 200, 0, 600_000],
  ['large', 200, 2, 600_000],
  [largest, 40, 2, 100_000],
])(
  'reading size %s, %d batches of each entity side by side, with %d workers, stays under 400 MB',
  async (size, batches, workers, leastRows) => {
    const { rows, residentBytesMax } = await memoryOf(size, batches, workers);
    expect(rows).toBeGreaterThan(leastRows);
    expect(residentBytesMax).toBeLessThan(400e6);
  },
);

test('rows that were read are collected while they are young', async () => {
  const printed = await runAsSandbox(join(import.meta.dirname, 'print-collections.ts'), []);
  const { rows, collections } = JSON.parse(printed) as { readonly rows: number; readonly collections: number };
  expect(rows).toBeGreaterThan(200_000);
  // 12 where the pool of workers keeps what it was answered, one or two otherwise.
  expect(collections).toBeLessThan(5);
});
