import type { Dataset, DatasetSize } from './dataset.ts';
import type { Entities, EntityName } from './entities.ts';
import { readSizeOption } from './explicit-size.ts';
import { referenceTime } from './random/times.ts';
import { fromColumn } from './rows/columns.ts';
import { chunkRows, entityNamesOf, fingerprintOf, fingerprintOfLines } from './rows/fingerprint.ts';
import { readAhead } from './rows/read-ahead.ts';
import { defaultWorkers, runOnWorker } from './rows/row-pool.ts';
import { createRowSource, type WorldKey } from './rows/row-source.ts';
import { digestRows, makeRows, type RowRequest } from './rows/row-worker.ts';
import type { SizeCounts } from './sizes.ts';

/** Seed of the dataset where none is given: 20,260,101. */
export const defaultSeed = 20_260_101;

/**
 * Rows of a batch at most, so that what travels is under 100 KB without vectors: V8 takes larger messages for something
 * that lasts, and they wait for a collection of everything (docs/loading.md). Smaller batches cost no time.
 */
const batchRows = 250;
const batchRowsOf: Partial<Record<EntityName, number>> = {
  conversations: 90,
  // 125 vectors of 768 numbers are 0.4 MB; two stores read them, each with some batches on their way.
  knowledgeVectors: 125,
  userVectors: 125,
};

/** Rows of `small` are kept once they were made: each store reads them. Larger sizes are made anew by each reader. */
const keptRowsMax = 60_000;

/** Batches that are made before a reader asks for them: one is on its way while each worker makes one. */
const batchesAhead = (workers: number) => workers + 1;

/** Most workers that may be asked for. */
const workersMax = 64;

/** Worlds that somebody still holds: several stacks of one process load the same one, and it is made once. */
const held = new Map<string, WeakRef<Dataset>>();

/** Which world is made. */
export interface DatasetOptions {
  /** A name, its text with counts (`small,users=2000`), or counts over those of `small`. */
  readonly size: DatasetSize | SizeCounts;
  /** Counts that take the place of the size's own. Default: none does. */
  readonly counts?: SizeCounts;
  /** An integer from 0 to 2^53 - 1. Default: 20,260,101. */
  readonly seed?: number;
  /**
   * Worker threads that make the rows, 64 at most; 0 makes them in the reader's own thread. The rows are the same.
   * Default: 0 for what is as small as `small`, otherwise 2.
   */
  readonly workers?: number;
}

const optionNames: readonly string[] = ['size', 'counts', 'seed', 'workers'] satisfies (keyof DatasetOptions)[];

/**
 * The deterministic S×C×T world of this size.
 * Rows come as `Entities` has them, in batches of at most 1,000: times are `Date`, vectors unit vectors in a `Float32Array`
 * ([768] of knowledge, [512] of users), levels integers from 0 to 5.
 * Makes nothing yet: rows come into being as they are read, and memory stays flat at any size. The rows of `small` are
 * shared by all its readers.
 * Throws `RangeError` for a seed, size or count that will not do, and for an option that there is not.
 *
 *     const dataset = createDataset({ size: 'medium', counts: { users: 20_000 }, seed: 7 });
 *     let total = 0;
 *     for await (const users of dataset.batches('users')) total += users.length;
 */
export function createDataset(options: DatasetOptions): Dataset {
  checkNames(options);
  const { seed = defaultSeed } = options;
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`A seed is an integer from 0 to ${Number.MAX_SAFE_INTEGER}, not ${seed}.`);
  }
  const read = readSizeOption(options.size, options.counts);
  if ('problem' in read) throw new RangeError(`${read.problem}. ${read.next}`);
  const { size, parameters } = read;
  const { workers } = options;
  if (workers !== undefined && !(Number.isInteger(workers) && workers >= 0 && workers <= workersMax)) {
    throw new RangeError(`A number of workers is from 0 to ${workersMax}, not ${workers}.`);
  }
  const key = `${size} ${seed} ${workers}`;
  let dataset = held.get(key)?.deref();
  if (dataset === undefined) {
    dataset = makeDataset(size, { seed, parameters }, workers);
    held.set(key, new WeakRef(dataset));
  }
  return dataset;
}

/** What is misspelled would be passed over in silence. */
function checkNames(options: unknown): void {
  if (typeof options !== 'object' || options === null)
    throw new RangeError("A dataset has options: { size: 'small' }.");
  const unknown = Object.entries(options).find(([name, value]) => value !== undefined && !optionNames.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(`A dataset has no option \`${unknown[0]}\`. Use: ${optionNames.join(', ')}.`);
  }
}

function makeDataset(size: DatasetSize, world: WorldKey, wantedWorkers: number | undefined): Dataset {
  const { counts, rows } = createRowSource(world);
  const isKept = Object.values(counts).reduce((total, count) => total + count, 0) <= keptRowsMax;
  const workers = wantedWorkers ?? (isKept ? 0 : defaultWorkers);
  const kept = new Map<EntityName, readonly (readonly object[])[]>();

  const pieceOf = (name: EntityName, piece: number, size: number): RowRequest => {
    const first = piece * size;
    return { world, name, first, count: Math.min(size, counts[name] - first) };
  };
  function* ownBatches<Name extends EntityName>(name: Name): Generator<readonly Entities[Name][]> {
    const size = batchRowsOf[name] ?? batchRows;
    for (let piece = 0; piece * size < counts[name]; piece += 1) {
      const { first, count } = pieceOf(name, piece, size);
      yield rows(name, first, count);
    }
  }
  async function* batches<Name extends EntityName>(name: Name): AsyncGenerator<readonly Entities[Name][]> {
    if (workers > 0) {
      const size = batchRowsOf[name] ?? batchRows;
      const make = (piece: number) => runOnWorker(workers, makeRows, pieceOf(name, piece, size));
      for await (const column of readAhead(make, Math.ceil(counts[name] / size), batchesAhead(workers))) {
        yield fromColumn(column) as readonly Entities[Name][];
      }
    } else if (isKept) {
      if (!kept.has(name)) kept.set(name, [...ownBatches(name)]);
      yield* kept.get(name) as readonly (readonly Entities[Name][])[];
    } else {
      yield* ownBatches(name);
    }
  }
  /** What is hashed is hashed where it is made: no row travels. */
  async function* digests(): AsyncGenerator<string> {
    for (const name of entityNamesOf(counts)) {
      yield name;
      const make = (piece: number) => runOnWorker(workers, digestRows, pieceOf(name, piece, chunkRows));
      yield* readAhead(make, Math.ceil(counts[name] / chunkRows), 2 * workers);
    }
  }

  let fingerprint: Promise<string> | undefined;
  return {
    size,
    seed: world.seed,
    referenceTime,
    counts,
    batches,
    fingerprint: () => {
      fingerprint ??= workers > 0 ? fingerprintOfLines(digests()) : fingerprintOf({ counts, batches });
      return fingerprint;
    },
  };
}
