import type { Dataset } from '../../../../seeds/dataset.ts';
import type { ImageOrigin } from '../../../containers/images/image-spec.ts';
import type { ReachableEngine, RunningEngine } from '../topology.ts';

/** `hot`: the favourites, drawn by Zipf's law; `cold`: rarely asked for, in turns; `absent`: not there. */
export const parameterKinds = ['hot', 'cold', 'absent'] as const;

export type ParameterKind = (typeof parameterKinds)[number];

/** Parameters of a path by their kind, the most asked for first. */
export type ByKind<Value> = Readonly<Record<ParameterKind, Value>>;

/** Share of each kind in the load, together 1. */
export type KindShares = ByKind<number>;

/** What was looked at. `ok` is `null` where it could not be checked; `actual` says why. That is never a pass. */
export interface PathCheck {
  readonly expected: string;
  readonly actual: string;
  readonly ok: boolean | null;
}

/** A plan. What data are there may decide about it; `whateverTheData` says that it would be wrong with all. */
export interface PlanCheck extends PathCheck {
  readonly whateverTheData?: true;
}

export type AnswerCheck = PathCheck;

/** Told how long each step of a path took that goes to more than one place. */
export type HopListener = (hop: string, durationMs: number) => void;

/** A query path that is ready to be run many times. */
export interface PreparedPath extends AsyncDisposable {
  /** Runs the query once, with parameters that depend on the iteration alone. */
  readonly run: (iteration: number, onHop?: HopListener) => Promise<void>;
  /** The same request with as little of our code as the driver allows: the reference of the same run. */
  readonly runBare: (iteration: number) => Promise<void>;
  /**
   * A request to the same server that depends on no data: what the machine does to requests, by which runs of different
   * times are compared. Default: `runBare`.
   */
  readonly runYardstick?: (iteration: number) => Promise<void>;
  readonly kindOf: (iteration: number) => ParameterKind;
  /** Looks at the plan for parameters of each kind. */
  readonly checkPlan: () => Promise<PlanCheck>;
  /** Compares the answers for parameters of each kind with those that the dataset has. */
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
  /** Search width that the path itself uses. */
  readonly ownEf: number;
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

/** What everybody may know of a path without running it. */
export interface PathDescription {
  readonly name: string;
  readonly description: string;
  /** The plan that it must use, for people. */
  readonly plan: string;
  readonly shares: KindShares;
  /**
   * What users are promised: the 99th percentile, in milliseconds, at half of the maximum on a schedule where that is
   * measured, and for one client otherwise. Not kept is shown, and fails a run only where the gate asks for it.
   */
  readonly objective: { readonly p99Ms: number };
  /** Of a path that writes: how it leaves the data as it found it. Absent: it only reads. */
  readonly writes?: string;
  readonly notRunOn?: Partial<Record<ImageOrigin, string>>;
}

/** Where a path is run. Without a dataset, parameters are drawn from what the server holds, and answers are not known. */
export interface PathContext {
  readonly running: ReachableEngine;
  readonly dataset: Dataset | undefined;
}

/** A query whose speed matters. */
export interface QueryPath extends PathDescription {
  /** What its plan and answer depend on, by the names of the engine's `holdings`. */
  readonly reads: readonly string[];
  /** What it needs and the server does not have, for people: tables, labels, keys that have expired. */
  readonly missing: (running: ReachableEngine) => Promise<readonly string[]>;
  readonly prepare: (context: PathContext) => Promise<PreparedPath>;
  readonly reference?: ReferenceProgram;
}

/** Four fifths of the load are favourites, one in twenty asks for what is not there. */
export const usualShares: KindShares = { hot: 0.8, cold: 0.15, absent: 0.05 };
