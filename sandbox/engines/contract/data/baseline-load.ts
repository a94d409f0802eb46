import type { Dataset } from '../../../../seeds/dataset.ts';
import type { RunningEngine } from '../topology.ts';

/** The least that loads an engine: a program of the vendor, or a loop over the driver. What `load` is measured against. */
export interface BaselineLoad {
  /** As the report shows it: `psql \copy`. */
  readonly name: string;
  /** How it loads, in one line. */
  readonly description: string;
  /** Rate of `load` over the rate of this that is wanted at least. */
  readonly wantedRatio: number;
  /** Takes away everything that `load` brings; schema and indexes stay. Not measured. */
  readonly empty: (running: RunningEngine) => Promise<void>;
  /** Gets ready what is not measured, for example files. The store is empty. */
  readonly prepare: (running: RunningEngine, dataset: Dataset) => Promise<PreparedBareLoad>;
  /** Records the dataset as loaded, so that the store's fingerprint can be compared. Not measured. */
  readonly record: (running: RunningEngine, dataset: Dataset) => Promise<void>;
  /** Parts of the fingerprint that depend on when it was loaded. */
  readonly timeBoundParts?: readonly string[];
}

export interface PreparedBareLoad extends AsyncDisposable {
  /** Loads, and returns how long that took, in milliseconds, without the start of a program in a container. */
  readonly run: () => Promise<number>;
}

/** For loops that need nothing prepared. */
export function unprepared(run: () => Promise<void>): PreparedBareLoad {
  return {
    async run() {
      const beganMs = performance.now();
      await run();
      return performance.now() - beganMs;
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/** A plain loop of a driver: writes of so many rows of each batch at most, some of them at once, and nothing around it. */
export async function writeAll<Row>(
  batches: AsyncIterable<readonly Row[]>,
  { rowsPerWrite, writesAtOnce }: { readonly rowsPerWrite: number; readonly writesAtOnce: number },
  write: (rows: readonly Row[]) => Promise<unknown>,
): Promise<void> {
  const pending = new Set<Promise<unknown>>();
  for await (const batch of batches) {
    for (let first = 0; first < batch.length; first += rowsPerWrite) {
      while (pending.size >= writesAtOnce) await Promise.race(pending);
      const written = write(batch.slice(first, first + rowsPerWrite)).finally(() => pending.delete(written));
      pending.add(written);
    }
  }
  await Promise.all(pending);
}

/** Milliseconds, from a script whose output ends with a line of nanoseconds. */
export function elapsedMs(output: string): number {
  const nanoseconds = Number(output.trim().split('\n').at(-1));
  if (!(nanoseconds > 0)) throw new Error(`the script told no time: ${output.slice(-300)}`);
  return nanoseconds / 1e6;
}
