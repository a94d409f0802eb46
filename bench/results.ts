import type { Machine } from '../sandbox/core/process/machine.ts';
import type { Changes } from '../sandbox/cross-store/changes.ts';
import type { AnswerCheck, PlanCheck } from '../sandbox/engines/contract/bench/query-path.ts';
import type { HopFigures, KindFigures, ObjectiveResult, OwnRecall, ServerOrigin } from './measure/path-figures.ts';

/** Latencies of one load, in microseconds, from a histogram of three significant digits. */
export interface Latencies {
  readonly samples: number;
  readonly achievedPerS: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  /** `null` below 10,000 samples. */
  readonly p999Us: number | null;
  readonly maxUs: number;
}

/** Points of a cumulative distribution, by percentile, 0 to 100. */
export type Distribution = readonly { readonly percentile: number; readonly latencyUs: number }[];

/** Whether the process that measured was itself the limit. */
export interface ClientHealth {
  /** Share of one core that the process used, without what it spun away waiting for the next arrival. */
  readonly cpuShare: number;
  /** Share of the time in which the process was ready to run and others had the cores; 0 outside of Linux. */
  readonly waitedForCoreShare: number;
  /** Later than due, by the process's own timers. */
  readonly eventLoopDelayP50Us: number;
  readonly eventLoopDelayP99Us: number;
  /** Why the figures are those of the client and not of the store; `null` where they are not. */
  readonly bound: string | null;
}

/** How well an open loop kept its own schedule. */
export interface ScheduleReport {
  readonly arrivals: 'constant' | 'poisson';
  /** How much later than intended arrivals were noticed, whether or not a client was free for them. */
  readonly errorP50Us: number;
  readonly errorP99Us: number;
  readonly errorMaxUs: number;
  /** Whether the 99th percentile is within a millisecond. */
  readonly held: boolean;
}

/** One query path under one load. */
export interface PathResult extends Latencies {
  /** `across stores` where a path goes through several. */
  readonly engine: string;
  readonly path: string;
  readonly topology: string;
  readonly origin: ServerOrigin;
  /** Of a path through several stores: the engine that each of its reads was asked of, by the name of the read. */
  readonly stores?: Readonly<Record<string, string>>;
  /**
   * `closed`: each client sends its next request when it has the answer to the last one.
   * `open`: requests arrive on a schedule of their own; a latency begins when its request was meant to be sent.
   */
  readonly mode: 'closed' | 'open';
  readonly clients: number;
  /** `null` in a closed loop: nothing is offered there. */
  readonly offeredPerS: number | null;
  /** Arrivals that were given up: the queue was full, or there was no answer in time after the end. */
  readonly dropped: number;
  readonly client: ClientHealth;
  /** Of an open loop. */
  readonly schedule?: ScheduleReport;
  readonly distribution: Distribution;
  readonly plan: PlanCheck;
  readonly answer: AnswerCheck;
  /** Of the row that it is promised for: half of the maximum on a schedule, or one client where that is not measured. */
  readonly objective?: ObjectiveResult;
  /** Closed loop with one client: the same requests by the kind of their parameters. */
  readonly kinds?: readonly KindFigures[];
  /** Closed loop with one client, of a path that has several steps. */
  readonly hops?: readonly HopFigures[];
  /** Closed loop with one client, of an approximate search. */
  readonly recall?: OwnRecall;
  /** Of a path that writes: how it leaves the data as it found it. */
  readonly writes?: string;
  /**
   * Closed loop with one client: the bare driver loop of the same run, in turns with the path, and how many times
   * longer the path takes.
   */
  readonly reference?: Latencies & { readonly name: string; readonly ratio: number };
}

/** One path at rising numbers of clients, in a closed loop. */
export interface ThroughputCurve {
  readonly engine: string;
  readonly path: string;
  readonly points: readonly (Latencies & { readonly clients: number; readonly bound: string | null })[];
  /** Throughput of the measuring loop over that of the same requests without any measuring, in turns. */
  readonly harnessShare: number;
}

/** What another program of the same run reached with a comparable request. */
export interface ReferenceResult {
  readonly engine: string;
  readonly path: string;
  readonly name: string;
  readonly request: string;
  readonly clients: number;
  readonly achievedPerS: number;
  /** `null` where the program does not tell. */
  readonly p50Us: number | null;
  /** Throughput of the path at the same number of clients over that of the reference. */
  readonly share: number;
}

/** Recall of an approximate search against the exact one under the same filter, over its search width. */
export interface RecallCurve {
  readonly engine: string;
  readonly path: string;
  readonly origin: ServerOrigin;
  readonly k: number;
  readonly points: readonly RecallPoint[];
}

export interface RecallPoint {
  /** Candidates that the search keeps; `null` for the exact search. */
  readonly ef: number | null;
  /** Mean share of the exact answer that was found, 0 to 1. */
  readonly recall: number;
  /** Mean number of rows returned: a filter may leave fewer than `k`. */
  readonly returned: number;
  readonly queries: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** One path in one round of a run: what comparisons pair. */
export interface RoundFigure {
  readonly engine: string;
  readonly path: string;
  readonly round: number;
  /** From 0: whether it was measured again, for a comparison or because the rounds before disagreed. Default: 0. */
  readonly look?: number;
  readonly samples: number;
  /** What comparisons go by, see docs/benchmarks.md. Runs that 0.1 has saved lack it. */
  readonly p10Us?: number;
  readonly p50Us: number;
  readonly p90Us: number;
  /** Of the bare driver loop, in turns with the path within the round. */
  readonly referenceP50Us: number;
  /** Of a request that depends on no data, in turns with them; the bare driver loop's where that depends on none. */
  readonly yardstickP10Us?: number;
}

/** A path, or a part of one, that an image cannot honestly run. */
export interface PathNotRun {
  readonly engine: string;
  readonly path: string;
  readonly reason: string;
  /** It goes through an engine that is not measured, as was asked for: nothing is wrong with it. Default: false. */
  readonly isLeftOut?: boolean;
}

/** What a run of benchmarks has measured: `sandbox bench --format json`. */
export interface BenchReport {
  readonly version: 1;
  readonly environment: BenchEnvironment;
  /** Each path under each load: one client alone, and with `clients` also its maximum, half and four fifths of it. */
  readonly paths: readonly PathResult[];
  /** What was not measured, and why. */
  readonly notRun: readonly PathNotRun[];
  /** Each path in each round. */
  readonly rounds: readonly RoundFigure[];
  /** With `clients`: each path at rising numbers of clients. */
  readonly curves: readonly ThroughputCurve[];
  /** With `clients`: what other programs reached in the same run. */
  readonly references: readonly ReferenceResult[];
  /** With `clients`: recall of approximate searches over their width. */
  readonly recall: readonly RecallCurve[];
  /** What has changed since the seeding of what those paths read that were not as expected. Absent where all were. */
  readonly changes?: Changes;
}

/** What the figures depend on. */
export interface BenchEnvironment extends Machine {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Of the folder, and `+changes` where files differ from it; `null` outside of a repository. */
  readonly commit: string | null;
  /** Of the folder in which the stack was described, for example `ext4`. */
  readonly fileSystem: string;
  /** `null` where the servers hold none that is known. */
  readonly dataset: { readonly size: string; readonly seed: number } | null;
  /** Of the last minute. */
  readonly loadBefore: number;
  readonly loadAfter: number;
  /** Share of one core that this process used while it measured, 0 to 1: near 1 the client is what was measured. */
  readonly clientCpuShare: number;
  readonly servers: Readonly<Record<string, string>>;
  /** Per engine: what its server says of the settings that decide about speed, fsync before all. */
  readonly serverSettings: Readonly<Record<string, Readonly<Record<string, string>>>>;
}
