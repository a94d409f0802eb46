import type { Dataset } from '../../../seeds/dataset.ts';
import type { Levels } from '../../../seeds/entities.ts';
import type { TaskReport } from '../../core/progress.ts';
import type { BaselineLoad } from './data/baseline-load.ts';
import type { Holding } from './data/holdings.ts';
import type { ReachableEngine, RunningEngine } from './topology.ts';

/** Capability of an engine that holds a part of the dataset. */
export interface Data {
  /**
   * Replaces whatever data is there with the dataset. Where a load of the same dataset was cut off, goes on with it.
   * Holds no more than some batches in memory, at any size.
   */
  readonly load: (running: RunningEngine, dataset: Dataset, report: TaskReport) => Promise<LoadReport>;
  /** What `load` is measured against. */
  readonly baseline?: BaselineLoad;
  /** Fingerprint of the dataset that was loaded last, as `load` recorded it in the store. */
  readonly loadedFingerprint: (running: ReachableEngine) => Promise<string | undefined>;
  /** Writes that record: for a store whose backups by earlier releases may have lost it. Default: the present moment. */
  readonly recordLoaded?: (running: RunningEngine, fingerprint: string, loadedAtMs?: number) => Promise<void>;
  /**
   * Brings back what of the loaded dataset has expired, and returns how much that was. What is there stays as it is.
   * Default: nothing of it goes by itself.
   */
  readonly refill?: (running: RunningEngine, dataset: Dataset, report: TaskReport) => Promise<number>;
  readonly readBack: ReadBack;
  /**
   * Kinds of which things may be missing now without being lost, because their lifetime since the load has passed by
   * the store's own clock. Default: none ever.
   */
  readonly expiredKinds?: (running: RunningEngine) => Promise<readonly SharedKind[]>;
  /** Everything of the dataset that it keeps, by place: what was added, changed or removed since is told by it. */
  readonly holdings: readonly Holding[];
  readonly fingerprint: (running: RunningEngine) => Promise<Fingerprint>;
}

export interface LoadReport {
  /** Rows, documents, keys, points, nodes and relationships by the store's own name for them. */
  readonly loaded: Readonly<Record<string, number>>;
  /** Rows that a load which was cut off had left, and that this one went on from. Absent where it began anew. */
  readonly resumedFrom?: number;
}

/** Kinds of things that several stores hold under the same business id. */
export type SharedKind = 'user' | 'content' | 'conversation' | 'concept' | 'knowledge';

/** One such thing as one store holds it. */
export interface SharedRow {
  readonly id: string;
  /** Business id of the user it belongs to, where the store says so. */
  readonly owner?: string;
  /** The levels that the store keeps for it. */
  readonly levels?: Partial<Levels>;
  /** The schema itself brings it: it is there whether or not the dataset has it. */
  readonly ofSchema?: true;
  /** The store holds an id once by its nature, but the scan that reads it may tell of one again. Default: it does not. */
  readonly mayRepeat?: true;
}

/** Reads back what a store holds, for the cross-store check, and holds no more than some batches of it in memory. */
export type ReadBack = Partial<Record<SharedKind, (running: RunningEngine) => AsyncIterable<SharedRow>>>;

/** What "the same data" means: named parts with a SHA-256 each, of data and of catalogue. */
export interface Fingerprint {
  readonly parts: Readonly<Record<string, string>>;
  /** Parts that lose something by themselves. Absent for a part that does not. */
  readonly expiring?: Readonly<Record<string, ExpiringPart>>;
}

/** A part of a fingerprint taken asunder, so that what lives on can be compared when something has gone. */
export interface ExpiringPart {
  /** SHA-256 of what has no lifetime. */
  readonly staying: string;
  /** SHA-256 of what goes in each second, by its beginning in milliseconds since 1970. */
  readonly going: Readonly<Record<number, string>>;
}
