import type { Faults } from '../../containers/faults/faults.ts';
import type { NodeRole, RunningEngine, TopologyName } from './topology.ts';
import type { SetClient, Workload, Workloads } from './workloads.ts';

/** What is promised of writes that were acknowledged, in one topology. A drill holds the engine to it. */
export interface FailoverContract {
  readonly topology: TopologyName;
  /** What makes the promise: `synchronous commit`, `min-replicas`, `WAIT 1`. */
  readonly name: string;
  /** The promise in words, for people. */
  readonly promise: string;
  /**
   * How far back losses may reach from the oldest lost acknowledgement to the fault, or to the newest lost one, in
   * milliseconds. 0: nothing acknowledged may be lost.
   */
  readonly lossWindowMs: number;
  /**
   * Whether losses may reach back to the beginning of the last `refresh` instead, however long ago that was; nothing
   * that was acknowledged before it may be lost.
   */
  readonly sinceRefresh?: boolean;
  /** Whether nothing is acknowledged after a failover until the old primary is back: it is the only second copy. */
  readonly needsOldPrimary?: boolean;
  /** Adds and reads a set as this contract asks. Default: the engine's own workload. */
  readonly set?: Workload<SetClient>;
  /** Target for the time without an acknowledged write at a kill -9 of the primary, in milliseconds, shown beside the figure. */
  readonly clientOutageTargetMs?: number;
}

/** A case of the failover suite that is an engine's own. It fails by throwing an `AssertionError`. */
export interface FailoverOwnCase {
  readonly topology: TopologyName;
  readonly name: string;
  /** Runs on a throw-away topology with the schema applied, and returns figures for the report. */
  readonly run: (running: RunningEngine, faults: Faults) => Promise<Readonly<Record<string, number | string>>>;
}

/** What is done to a topology of several nodes, by the names that reports use. */
export type DrillName =
  | 'kill-primary'
  | 'pause-primary'
  | 'isolate-primary'
  | 'rolling-restart'
  | 'restart-all'
  | 'replace-primary'
  | 'ten-in-a-row';

/** Capability of an engine that drills can break: what they need of it; faults, histories and checkers are the runner's. */
export interface Failover {
  readonly workloads: Workloads;
  /** Who is primary now and who follows. Default: the roles that the nodes were started with. */
  readonly roles?: (running: RunningEngine) => Promise<readonly NodeRole[]>;
  /** The first of a topology is drilled with every schedule, further ones with those that cost writes. */
  readonly contracts: readonly FailoverContract[];
  /** Drills that a topology has nothing for, and why: they are reported as `not-run`, not left out. */
  readonly notDrilled?: Partial<Record<TopologyName, Partial<Record<DrillName, string>>>>;
  /** Whether a node with this role takes the writes of the workloads. */
  readonly isPrimary: (role: NodeRole) => boolean;
  /**
   * Returns once the primary cannot commit. Absent where the engine notices by itself.
   * Polls at most 50 ms apart; `signal` ends it.
   */
  readonly detect?: (running: RunningEngine, primary: string, signal: AbortSignal) => Promise<void>;
  /**
   * Returns once this node itself commits a write that is asked for over and over, at most 10 ms apart, with the bare
   * driver: the engine's own time, beside which that of ordinary clients is shown. Leaves nothing where clients look.
   */
  readonly untilWritable?: (running: RunningEngine, nodeName: string, signal: AbortSignal) => Promise<void>;
  /** Makes a survivor the primary and returns its node's name. Absent where the engine does that by itself. */
  readonly promote?: (running: RunningEngine) => Promise<string>;
  /**
   * Makes another node the primary while all are well, `to` if it is given; nothing acknowledged is lost. Throws
   * `FAILOVER_REFUSED` with nothing changed. Absent: the sandbox has no command for that.
   */
  readonly handOver?: (running: RunningEngine, to?: string) => Promise<HandedOver>;
  /** Makes an old primary, running or down, follow the new one. Absent where the engine does that by itself. */
  readonly rejoin?: (running: RunningEngine, nodeName: string) => Promise<RejoinReport>;
  /** Makes a member follow that came back with no data. Absent where the engine does that by itself. */
  readonly replace?: (running: RunningEngine, nodeName: string) => Promise<void>;
  /** Returns once every member is up and follows as it should. Absent: answering is enough. */
  readonly settle?: (running: RunningEngine) => Promise<void>;
  /** Brings the standby up to what the primary has now. Absent where members do that by themselves. */
  readonly refresh?: (running: RunningEngine) => Promise<void>;
  /** Takes away what makes the promise, for the positive control, which must lose writes then. */
  readonly weaken?: (running: RunningEngine) => Promise<void>;
  /** The set as clients work on it in the positive control, where it is they who make the promise. */
  readonly weakenedSet?: Workload<SetClient>;
  /** What else breaks in a way of its own. Not part of `quick`. */
  readonly ownCases?: readonly FailoverOwnCase[];
}

/** Nodes that took the writes before a planned failover, and take them now. */
export interface HandedOver {
  readonly from: string;
  readonly to: string;
}

/** How an old primary came back, and what it alone had written. */
export interface RejoinReport {
  readonly node: string;
  readonly primary: string;
  /** Position in its log up to which it agreed with the new primary. Absent where it had nothing of its own. */
  readonly partedAt?: string;
  /** Transactions that it alone had, and has no more. */
  readonly givenUp: readonly { readonly id: string; readonly position: string; readonly committedAt: string }[];
}
