import type { Faults } from '../../containers/faults/faults.ts';
import type { NodeHandle } from '../../containers/nodes/node-spec.ts';
import type { RunningEngine, TopologyName } from './topology.ts';

/** What a cause is made on: a throw-away topology that is watched. */
export interface AlertPlace {
  readonly running: RunningEngine;
  readonly faults: Faults;
  /** How many times faster time runs in the rules. */
  readonly timeScale: number;
  /** Waits until the engine has been watched for as long as the drill's `history` says. */
  readonly untilHistory: () => Promise<void>;
  /** Ends what waits. */
  readonly signal: AbortSignal;
}

/** Undoes a cause. All is well when it returns, and the engine answers. */
export type Heal = () => Promise<void>;

/** What the specification's expression makes of a cause. `varies`: it is shown, and not judged. */
export type AsSpecified = 'fires' | 'misses' | 'varies';

/** A real cause of an alert, or of a false one. */
export interface AlertDrill {
  readonly alert: string;
  /** What happens, for people: `killed`. */
  readonly cause: string;
  /** Default: `standalone`. */
  readonly topology?: TopologyName;
  /** Node that the alert names. Default: the first. */
  readonly node?: (running: RunningEngine) => NodeHandle;
  /** `false`: all is well with this, and the alert must stay silent. Default: true. */
  readonly mustFire?: boolean;
  /** What the specification's expression makes of it. Absent: the specification has no such alert. */
  readonly asSpecified?: AsSpecified;
  /** From the cause until the expression can hold, in milliseconds: what its threshold asks for. Default: 0. */
  readonly leadMs?: number;
  /** The same for a range of the rule, `5m`, which runs as fast as time does. Default: none. */
  readonly leadRange?: string;
  /** From the healing until the expression is over, for a range of the rule. Default: none. */
  readonly tailRange?: string;
  /** How long the engine is watched before the cause, for what a rule compares with: `1h`. Default: not at all. */
  readonly history?: string;
  /** Makes the cause. It is there when this returns. */
  readonly make: (place: AlertPlace) => Promise<Heal>;
}
