import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

interface Memory {
  readonly rows: number;
  readonly heapBytesFirst: number;
  readonly heapBytesMax: number;
  readonly residentBytesMax: number;
}

async function memoryOf(size: string, batches: number): Promise<Memory> {
  const script = join(import.meta.dirname, 'print-memory.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script, size, String(batches)]);
  return JSON.parse(stdout);
}

test.each([
  ['medium', 1_000, 350_000],
  ['large', 50, 700_000],
  ['users=100000000,contents=100000000,conversations=50000000,knowledge=10000000', 10, 140_000],
])('reading size %s, all entities side by side, keeps the process under 400 MB', async (size, batches, leastRows) => {
  const { rows, heapBytesFirst, heapBytesMax, residentBytesMax } = await memoryOf(size, batches);
  expect(rows).toBeGreaterThan(leastRows);
  expect(heapBytesMax - heapBytesFirst).toBeLessThan(60e6);
  expect(residentBytesMax).toBeLessThan(400e6);
});
