import type { Entities, EntityName } from './entities.ts';

/** Names of the sizes; `small` covers each of the 216 cells of S×C×T. */
export type SizeName = 'small' | 'medium' | 'large';

/**
 * A name, or a name with counts of its own: `small,users=2000,contents=9000`. Canonical: `readSize` gives the same text
 * for the same counts.
 */
export type DatasetSize = SizeName | `${SizeName},${string}`;

/** Number of rows of each entity. */
export type EntityCounts = Readonly<Record<EntityName, number>>;

/** The deterministic S×C×T world: the same seed and size give the same bytes on every machine. */
export interface Dataset {
  /** `files` where rows came from files: then neither size nor seed make it again. */
  readonly size: DatasetSize | 'files';
  /** Of a dataset from files: that of the data around them. */
  readonly seed: number;
  /** The moment that the world's times are relative to; never the clock of the machine. */
  readonly referenceTime: Date;
  readonly counts: EntityCounts;
  /** SHA-256 over all entities in a canonical form, as hexadecimal text. */
  readonly fingerprint: () => Promise<string>;
  /** Rows of an entity in a fixed order, in batches of at most 1,000. Safe to read several times and side by side. */
  readonly batches: <Name extends EntityName>(name: Name) => AsyncIterable<readonly Entities[Name][]>;
}
