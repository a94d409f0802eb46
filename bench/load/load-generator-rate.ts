import { median } from 'simple-statistics';
import type { Dataset } from '../../seeds/dataset.ts';
import type { Entities, EntityName } from '../../seeds/entities.ts';

/** Rows of a store are made once and held up to so many; beyond, both loaders make them as they go. */
const heldRowsMax = 250_000;

/** How fast rows are made, when nothing is done with them. */
export interface GeneratorRate {
  readonly rows: number;
  /** Rows as JSON text, vectors as four bytes a number. */
  readonly bytes: number;
  readonly rowsPerS: number;
  readonly megabytesPerS: number;
}

/** A dataset whose rows are held once they were made, and that knows which entities were asked for. */
export interface WatchedReads {
  readonly dataset: Dataset;
  readonly entities: () => readonly EntityName[];
  readonly isHeld: () => boolean;
}

/** Holds rows as they are read, so that a loader is measured, and not the generator, where memory allows. */
export function watchReads(dataset: Dataset): WatchedReads {
  const held = new Map<EntityName, readonly (readonly object[])[]>();
  const read = new Set<EntityName>();
  let heldRows = 0;
  let isHeld = true;

  async function* batches<Name extends EntityName>(name: Name): AsyncGenerator<readonly Entities[Name][]> {
    if (!read.has(name)) heldRows += dataset.counts[name];
    read.add(name);
    isHeld = heldRows <= heldRowsMax;
    const there = held.get(name) as readonly (readonly Entities[Name][])[] | undefined;
    if (there !== undefined) {
      yield* there;
      return;
    }
    const made: (readonly Entities[Name][])[] = [];
    for await (const batch of dataset.batches(name)) {
      if (isHeld) made.push(batch);
      yield batch;
    }
    if (isHeld) held.set(name, made);
    else held.clear();
  }

  return { dataset: { ...dataset, batches }, entities: () => [...read], isHeld: () => isHeld };
}

/** What making an entity took. */
interface MadeEntity {
  readonly rows: number;
  readonly bytes: number;
  readonly ms: number;
}

export type MadeEntities = ReadonlyMap<EntityName, MadeEntity>;

/** An entity is made again until its making has taken this long, in milliseconds: before, its code is not compiled for speed. */
const measuredMs = 1_000;

/**
 * Makes every row for the time, and once more for the bytes. The first thing that is done with a dataset: rows of
 * `small` are kept once they were made.
 */
export async function measureGenerator(dataset: Dataset): Promise<MadeEntities> {
  const made = new Map<EntityName, MadeEntity>();
  for (const entity of Object.keys(dataset.counts) as EntityName[]) {
    const ms = await timeToMake(dataset, entity);
    let bytes = 0;
    for await (const batch of dataset.batches(entity)) for (const row of batch) bytes += bytesOf(row);
    made.set(entity, { rows: dataset.counts[entity], bytes, ms });
  }
  return made;
}

/** Median of all times that an entity was made; rows that were kept are not made again, and end it. */
async function timeToMake(dataset: Dataset, entity: EntityName): Promise<number> {
  const times: number[] = [];
  let first: readonly object[] | undefined;
  for (let leftMs = measuredMs; leftMs > 0; ) {
    const beganMs = performance.now();
    let firstNow: readonly object[] | undefined;
    for await (const batch of dataset.batches(entity)) firstNow ??= batch;
    const ms = performance.now() - beganMs;
    if (times.length > 0 && firstNow === first) break;
    first = firstNow;
    times.push(ms);
    leftMs -= ms;
  }
  return median(times);
}

/** Rate of some entities made one after the other. */
export function generatorRate(made: MadeEntities, entities: readonly EntityName[]): GeneratorRate {
  const chosen = entities.flatMap((entity) => made.get(entity) ?? []);
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const [rows, bytes, ms] = [
    sum(chosen.map((each) => each.rows)),
    sum(chosen.map((each) => each.bytes)),
    sum(chosen.map((each) => each.ms)),
  ];
  return {
    rows,
    bytes,
    rowsPerS: Math.round((rows / ms) * 1_000),
    megabytesPerS: Math.round((bytes / 1e3 / ms) * 10) / 10,
  };
}

function bytesOf(row: object): number {
  const { vector, ...rest } = row as { vector?: Float32Array };
  return Buffer.byteLength(JSON.stringify(rest)) + (vector?.byteLength ?? 0);
}
