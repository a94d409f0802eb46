import type { QualityPlace } from '../../engines/contract/quality.ts';
import type { Counts } from './stability-index.ts';

/** What distributions were like when they were last in order. */
export interface Distributions {
  readonly read: () => Promise<ReadonlyMap<string, Counts>>;
  /** Replaces those that are given, and leaves the others. */
  readonly write: (distributions: ReadonlyMap<string, Counts>) => Promise<void>;
}

/** A distribution by its name: the same fields of the same place are the same one, whoever asks for it. */
export function nameOf(engine: string, { database, name }: QualityPlace, fields: readonly string[]): string {
  return JSON.stringify([engine, database ?? null, name, ...fields]);
}
