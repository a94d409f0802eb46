import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';

/** How much more the larger one may take, in bytes: what the collector leaves lying about, and far less than the part. */
const toleranceBytes = 96e6;

test('packing and unpacking 256 MB takes no more memory than 16 MB does', async () => {
  const [small, large] = await Promise.all([16e6, 256e6].map(measure));
  expect(large?.archiveBytes).toBeGreaterThan(250e6);
  expect(large?.unpacked).toBe(256e6);
  expect((large?.residentBytesMax ?? Number.NaN) - (small?.residentBytesMax ?? 0)).toBeLessThan(toleranceBytes);
});

async function measure(sizeBytes: number) {
  const script = join(import.meta.dirname, 'support', 'pack-large.ts');
  const { stdout } = await execa(process.execPath, [script, String(sizeBytes)]);
  return JSON.parse(stdout) as { archiveBytes: number; unpacked: number; residentBytesMax: number };
}
