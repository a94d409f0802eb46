import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('reading size medium takes no more memory at its end than at its beginning', async () => {
  const script = join(import.meta.dirname, 'print-memory.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script]);
  const { rows, heapBytesMax, heapBytesFirst } = JSON.parse(stdout);
  expect(rows).toBeGreaterThan(90_000);
  expect(heapBytesMax - heapBytesFirst).toBeLessThan(50e6);
});
