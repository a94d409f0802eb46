import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** With the flags that `npm run sandbox` gives to its process. */
async function memoryOf(size: string, batches: number, workers: number) {
  const root = join(import.meta.dirname, '..', '..');
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const flags = String(scripts.sandbox).match(/--\S+/g) ?? [];
  const args = [...flags, join(import.meta.dirname, 'print-memory.ts'), size, String(batches), String(workers)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as { readonly rows: number; readonly residentBytesMax: number };
}

const largest = 'users=100000000,contents=100000000,conversations=50000000,knowledge=10000000';

test.each([
  ['medium', 1_000, 1, 300_000],
  ['large', 50, 0, 600_000],
  ['large', 50, 1, 600_000],
  [largest, 10, 1, 100_000],
])(
  'reading size %s, %d batches of each entity side by side, with %d workers, stays under 400 MB',
  async (size, batches, workers, leastRows) => {
    const { rows, residentBytesMax } = await memoryOf(size, batches, workers);
    expect(rows).toBeGreaterThan(leastRows);
    expect(residentBytesMax).toBeLessThan(400e6);
  },
);
