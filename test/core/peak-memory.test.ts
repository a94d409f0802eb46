import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';

const program = `
  import { residentBytesMax } from ${JSON.stringify(join(import.meta.dirname, '../support/peak-memory.ts'))};
  Buffer.alloc(Number(process.argv[1]), 1);
  console.log(residentBytesMax());
`;

async function peakBytes(heldBytes: number): Promise<number> {
  const args = ['--input-type=module-typescript', '--eval', program, String(heldBytes)];
  return Number((await execa(process.execPath, args)).stdout);
}

test('the peak of a process is its own, and not that of the process which began it', async () => {
  const held = Buffer.alloc(400e6, 1);
  expect(await peakBytes(0)).toBeLessThan(held.length / 2);
  // The control: what it held itself counts, also when it is gone.
  expect(await peakBytes(held.length)).toBeGreaterThan(held.length);
});
