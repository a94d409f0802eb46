import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runAsSandbox } from '../../support/as-sandbox.ts';

/** A size, how many batches of each entity are read, by how many workers, and how many rows that are at the least. */
export type Reading = readonly [size: string, batches: number, workers: number, rowsMin: number];

export function testMemoryOf(readings: readonly Reading[]): void {
  test.each(readings)(
    'reading size %s, %d batches of each entity side by side, with %d workers, stays under 400 MB',
    async (size, batches, workers, rowsMin) => {
      const program = join(import.meta.dirname, '..', 'print-memory.ts');
      const printed = await runAsSandbox(program, [size, String(batches), String(workers)]);
      const { rows, residentBytesMax } = JSON.parse(printed) as Record<'rows' | 'residentBytesMax', number>;
      expect(rows).toBeGreaterThan(rowsMin);
      expect(residentBytesMax).toBeLessThan(400e6);
    },
  );
}
