import type { LeaseKind } from '../../sandbox/engines/contract/bench/lease-bench.ts';
import type { BenchEnvironment } from '../results.ts';

/** How long it took to come by a store. A percentile is `null` where too few samples lie beyond it. */
export interface Times {
  readonly samples: number;
  readonly p50Ms: number;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number;
}

/** One way to a store, or to a store of each engine. */
export interface LeaseFigure extends Times {
  /** Engine, or `all` of those that were measured. */
  readonly engine: string;
  readonly kind: LeaseKind;
  /** `mode`: a lease of stores that are kept apart in another way than the engine's default. */
  readonly role: 'lease' | 'mode' | 'bare' | 'peer';
  /** `lease`, `lease, MODE`, or the name of the other way. */
  readonly way: string;
  /** Time of a lease over that of this way: median of the rounds' ratios. Absent for leases themselves. */
  readonly ratio?: number;
  /** Most that is wanted of the median of a lease, in milliseconds. A peer is to be slower than a lease. */
  readonly wantedMs?: number;
  /** Absent where nothing is wanted. */
  readonly met?: boolean;
}

/** The same tests, by several processes at once, on leased stores and on stores that each process has for itself. */
export interface WorkersFigure {
  readonly workers: number;
  readonly engines: readonly string[];
  /** Tests of all workers in a round. */
  readonly tests: number;
  readonly rounds: number;
  /** Seconds of a round, median. */
  readonly leasedS: number;
  readonly heldS: number;
  /** What one test takes with a store that its process has for itself, median of the rounds, in milliseconds. */
  readonly testMs: number;
  /** What a lease adds to a test, seen by its process, in milliseconds. */
  readonly addedMs: number;
  /** Time with leases over time without: median of the rounds' ratios. */
  readonly ratio: number;
  readonly ratios: readonly number[];
  readonly wantedRatio: number;
  readonly met: boolean;
}

/** Memory of the broker's process, after the workers' tests. */
export interface MemoryFigure {
  /** `dist`: the built package. `source`: this checkout's TypeScript, which its users never run; it is not judged. */
  readonly program: 'dist' | 'source';
  readonly residentBytes: number;
  readonly peakBytes: number;
  /** A process of the same Node.js with the same settings that does nothing. */
  readonly nodeItselfBytes: number;
  readonly places: Readonly<Record<string, number>>;
  readonly wantedBytes: number;
  readonly met: boolean | null;
}

export interface NotMeasured {
  readonly engine: string;
  readonly what: string;
  readonly reason: string;
}

export interface IsolationReport {
  readonly version: 1;
  readonly kind: 'isolation';
  readonly environment: BenchEnvironment;
  readonly figures: readonly LeaseFigure[];
  readonly workers: WorkersFigure | null;
  readonly memory: MemoryFigure | null;
  readonly notRun: readonly NotMeasured[];
}

/** Figures that are wanted and were not reached. */
export function missedOf({ figures, workers, memory }: IsolationReport): readonly string[] {
  return [
    ...figures.filter(({ met }) => met === false).map(({ engine, kind, way }) => `${engine}, ${kind}: ${way}`),
    ...(workers?.met === false ? ['workers'] : []),
    ...(memory?.met === false ? ['memory'] : []),
  ];
}
