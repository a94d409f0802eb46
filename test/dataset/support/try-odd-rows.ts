import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { createStack } from '../../../sandbox/stack/create-stack.ts';
import { loadOddRows } from './load-odd-rows.ts';
import { type OddRows, oddRows } from './odd-rows.ts';

export interface OddRowsRun {
  readonly seed: number;
  readonly setsMax: number;
  readonly timeMaxMs: number;
}

/** Tries so many data sets on a stack of all engines, or as many as there is time for. */
export async function tryOddRows({ seed, setsMax, timeMaxMs }: OddRowsRun): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'taishang-accepted-'));
  try {
    await using stack = await createStack({ size: 'none' });
    const tally = { sets: 0, loaded: 0, refused: 0 };
    const beganMs = performance.now();
    const property = fc.asyncProperty(oddRows, async (rows) => {
      if (performance.now() - beganMs > timeMaxMs) return;
      const { refused, loaded } = await loadOddRows(stack, folder, rows);
      tally.sets += 1;
      tally.refused += refused.length;
      tally.loaded += loaded ? 1 : 0;
    });
    // Nothing is made smaller: each try takes a second or more.
    await fc.assert(property, { seed, numRuns: setsMax, endOnFailure: true, asyncReporter: reportWith(seed) });
    // Neither half of the property is empty; of the first few sets, which are all that a busy machine has time for, one may be.
    if (tally.sets < setsMax) return;
    expect(tally.loaded).toBeGreaterThan(tally.sets / 2);
    expect(tally.refused).toBeGreaterThan(0);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Names the run, its error and the rows, as far as they can be read: some have megabytes. */
const reportWith =
  (seed: number) =>
  async ({ failed, errorInstance, counterexamplePath, counterexample }: fc.RunDetails<[OddRows]>) => {
    if (!failed) return;
    const short = (_: string, value: unknown) => (typeof value === 'string' ? value.slice(0, 60) : value);
    const rows = JSON.stringify(counterexample?.[0], short).slice(0, 20_000);
    const what = `SANDBOX_TEST_SEED=${seed}, run ${counterexamplePath}: ${String(errorInstance)}`;
    throw new Error(`${what}\n${rows}`, { cause: errorInstance });
  };
