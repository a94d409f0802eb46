import type { RunningEngine } from '../../../../sandbox/engines/contract/topology.ts';

/** Something of a schema that is removed or changed. */
export interface Breakage {
  /** Takes other objects with it, or cannot be told apart from another breakage of the same object. Default: it does not. */
  readonly alone?: true;
  readonly act: (running: RunningEngine) => Promise<unknown>;
  /** What must be told then, and nothing else: `index idx_users_status missing`. */
  readonly told: readonly string[];
}

/** What is done to the schema of one engine. */
export interface SchemaTrial {
  /** What a service adds: one object of each kind that the schema has. */
  readonly add: (running: RunningEngine) => Promise<unknown>;
  readonly breakages: (running: RunningEngine) => readonly Breakage[];
  /** Everything of the catalogue, a service's own too, as the server tells of it, in an order of its own. */
  readonly catalogue: (running: RunningEngine) => Promise<unknown>;
}
