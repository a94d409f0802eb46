import type { Dataset } from '../../seeds/dataset.ts';
import type { ImageOrigin } from '../containers/image-spec.ts';
import type { RunningEngine } from './topology.ts';

export interface PlanCheck {
  readonly expected: string;
  readonly actual: string;
  readonly ok: boolean;
}

export interface AnswerCheck {
  readonly expected: string;
  readonly actual: string;
  readonly ok: boolean;
}

/** A query path that is ready to be run many times. */
export interface PreparedPath extends AsyncDisposable {
  /** Runs the query once, with parameters that depend on the iteration alone. */
  readonly run: (iteration: number) => Promise<void>;
  /** The same request with as little of our code as the driver allows: the reference of the same run. */
  readonly runBare: (iteration: number) => Promise<void>;
  readonly checkPlan: () => Promise<PlanCheck>;
  readonly checkAnswer: () => Promise<AnswerCheck>;
  /** The request itself, of a path that is one HTTP request: a load generator for HTTP can send it too. */
  readonly http?: HttpRequest;
  /** Of an approximate search. */
  readonly recall?: RecallSearch;
}

export interface HttpRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** How an approximate search is asked with another search width, and exactly under the same filter. */
export interface RecallSearch {
  readonly k: number;
  /** Queries that are asked: iterations 0 to `queries` - 1. */
  readonly queries: number;
  /** Search widths of the curve, ascending. */
  readonly efs: readonly number[];
  /** Ids of at most `k` rows, best first; with `null` those of the exact search. */
  readonly search: (iteration: number, ef: number | null) => Promise<readonly string[]>;
}

export interface ReferenceLoad {
  readonly clients: number;
  readonly durationMs: number;
}

/** Another program of the field that sends a comparable request, in the same run: `pgbench`, `redis-benchmark`. */
export interface ReferenceProgram {
  readonly name: string;
  /** What it sends, for people. */
  readonly request: string;
  /** Throws where the program cannot be run on this image. `p50Us` is `null` where it does not tell. */
  readonly run: (
    running: RunningEngine,
    dataset: Dataset,
    load: ReferenceLoad,
  ) => Promise<{ readonly achievedPerS: number; readonly p50Us: number | null }>;
}

/** A query whose speed matters. */
export interface QueryPath {
  readonly name: string;
  readonly description: string;
  readonly notRunOn?: Partial<Record<ImageOrigin, string>>;
  readonly prepare: (running: RunningEngine, dataset: Dataset) => Promise<PreparedPath>;
  readonly reference?: ReferenceProgram;
}
