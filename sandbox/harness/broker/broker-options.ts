import type { Insight } from '../../engines/contract/insight.ts';
import type { Isolation, PlaceOwner } from '../../engines/contract/isolation.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import type { KeptRecord } from './kept/kept-record.ts';

/** An engine that runs, as a broker needs it. */
export interface LeasedEngine {
  readonly isolation: Isolation;
  readonly running: RunningEngine;
  /** What tells a test's queries, or why nothing does. */
  readonly insight: Insight | string;
}

export interface BrokerOptions {
  /** Throws where there is no such engine, it is not able, or it does not run. */
  readonly engineOf: (name: string) => Promise<LeasedEngine>;
  /**
   * What an engine's store was made of: where that is otherwise, places of it are made anew. `undefined`: it is being made, or
   * nobody knows. Default: always the same.
   */
  readonly contentOf?: (engine: string) => Promise<string | undefined>;
  readonly record: KeptRecord;
  /** This process: what it makes is marked with it. */
  readonly owner: PlaceOwner;
  readonly isAlive: (owner: PlaceOwner) => boolean;
  /** Most places by engine. Default: what its server has room for. */
  readonly maximum?: Readonly<Partial<Record<string, number>>>;
  /** Whether places are made ahead and used again. Default: true. */
  readonly keepsReady?: boolean;
}
