import type { Place } from './isolation.ts';
import type { RunningEngine } from './topology.ts';

/** Capability of an engine that can tell what was asked in one place, and what it cost. */
export interface Insight {
  /** What it sees, and from where, for people: `all statements, in pg_stat_statements`. */
  readonly seen: string;
  /** What it does not see, for people. */
  readonly limits: readonly string[];
  /** Watches from now on what is asked in a place; what is asked in others, and what the sandbox asks, does not count. */
  readonly watch: (running: RunningEngine, place: Place) => Promise<Watch>;
}

/** Disposing of it ends the watch. */
export interface Watch extends AsyncDisposable {
  /** What was asked so far, by statement. Throws where the place is gone. */
  readonly queries: () => Promise<readonly ObservedQuery[]>;
}

/** One statement without its values, and everything that was asked by it. */
export interface ObservedQuery {
  readonly statement: string;
  readonly calls: number;
  /** The slowest of them, in milliseconds. Absent: the engine does not tell. */
  readonly slowestMs?: number;
  /** What it reads from end to end because no index helps: `users, for full_name = $1`. Empty: nothing. */
  readonly scans: readonly string[];
}
