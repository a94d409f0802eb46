import type { ImageOrigin } from '../sandbox/containers/image-spec.ts';
import type { Machine } from '../sandbox/core/machine.ts';
import type { AnswerCheck, PlanCheck } from '../sandbox/engines/engine.ts';

/** Latencies of one load, in microseconds, from a histogram of three significant digits. */
export interface Latencies {
  readonly samples: number;
  readonly achievedPerS: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
}

/** One query path under one load. */
export interface PathResult extends Latencies {
  readonly engine: string;
  readonly path: string;
  readonly topology: string;
  readonly origin: ImageOrigin;
  /** `closed`: each client sends its next request when it has the answer to the last one. */
  readonly mode: 'closed';
  readonly clients: number;
  /** Nothing is offered in a closed loop. */
  readonly offeredPerS: null;
  readonly plan: PlanCheck;
  readonly answer: AnswerCheck;
  /** The bare driver loop of the same run, in turns with the path, and how many times longer the path takes. */
  readonly reference: Latencies & { readonly name: string; readonly ratio: number };
}

/** A path that an image cannot honestly run. */
export interface PathNotRun {
  readonly engine: string;
  readonly path: string;
  readonly reason: string;
}

/** `sandbox bench --format json`. */
export interface BenchReport {
  readonly version: 1;
  readonly environment: BenchEnvironment;
  readonly paths: readonly PathResult[];
  readonly notRun: readonly PathNotRun[];
}

/** What the figures depend on. */
export interface BenchEnvironment extends Machine {
  readonly dataset: { readonly size: string; readonly seed: number };
  /** Of the last minute. */
  readonly loadBefore: number;
  readonly loadAfter: number;
  /** Share of one core that this process used while it measured, 0 to 1: near 1 the client is what was measured. */
  readonly clientCpuShare: number;
  readonly servers: Readonly<Record<string, string>>;
}
