import type { Dataset } from '../../../../seeds/dataset.ts';
import type { Entities, EntityName } from '../../../../seeds/entities.ts';
import type { ReachableEngine } from '../topology.ts';

/** A row, document, node, relationship, key or point: the same text for the same content, as made and as read. */
export interface HeldRow {
  /** What it is told from others by. */
  readonly key: string;
  readonly value: string;
  /** The store holds it once by its nature, but the scan that reads it may tell of it again. Default: it does not. */
  readonly mayRepeat?: true;
  /** The schema brings it too: where the dataset does not have it, nobody has added it. Default: it does not. */
  readonly ofSchema?: true;
}

/** What one store keeps in one place: the rows of a table, the points of a collection. */
export interface Holding {
  /** The store's own name of the place: `users`, `user_contents`, `LEARNED`. */
  readonly name: string;
  /** What one of them is called, and several. */
  readonly one: string;
  readonly many: string;
  /** As many as the dataset has, or a few more. */
  readonly countMax: (dataset: Dataset) => number | Promise<number>;
  /** What a load of the dataset puts there. */
  readonly loaded: (dataset: Dataset) => AsyncIterable<HeldRow>;
  /** What is there now, nothing where the place is gone. What a service has added to the schema is left out. */
  readonly held: (running: ReachableEngine) => AsyncIterable<HeldRow>;
  /** Whether what is not there any more may have gone by itself, because its lifetime has passed. Default: it may not. */
  readonly mayHaveExpired?: (running: ReachableEngine) => Promise<boolean>;
}

/** Rows of an entity as a store holds them: one, several or none each. */
export function rowsLoaded<Name extends EntityName>(
  entity: Name,
  rowsOf: (row: Entities[Name]) => readonly HeldRow[],
): Holding['loaded'] {
  return async function* loaded(dataset) {
    for await (const batch of dataset.batches(entity)) for (const row of batch) yield* rowsOf(row);
  };
}

/** A value as one text, whatever the order of its fields. */
export function canonicalText(value: unknown): string {
  if (value instanceof Date) return `time ${value.getTime()}`;
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  // An integer of 64 bits, as a driver tells of it.
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'nothing';
  const fields = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonicalText(field)}`).join(',')}}`;
}

/** {@link canonicalText} of JSON; a text that is none stays as it is. */
export function canonicalJson(text: string): string {
  try {
    return canonicalText(JSON.parse(text));
  } catch {
    return text;
  }
}
