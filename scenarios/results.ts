import type { ImageOrigin } from '../sandbox/containers/images/image-spec.ts';

/** Of what was asked: `pass` and `fail` are findings; `unknown` means that it could not be decided, and is no pass. */
export type Judgement = 'pass' | 'fail' | 'unknown';

/** `not-run` means that the question was not asked, with the reason beside it. It is no pass either. */
export type Verdict = Judgement | 'not-run';

/** One case of a suite on one engine. */
export interface CaseResult {
  readonly suite: string;
  readonly engine: string;
  readonly topology: string;
  /** Absent where no image was looked for, because the suite cannot run on this engine. */
  readonly origin?: ImageOrigin | undefined;
  readonly case: string;
  readonly verdict: Verdict;
  /** Always there unless the verdict is `pass`. */
  readonly reason?: string | undefined;
  readonly durationMs: number;
  /** Figures of the case; their names end in their units. */
  readonly measures?: Readonly<Record<string, number | string>> | undefined;
}

/** What suites have found: `sandbox scenarios --format json`. */
export interface ScenariosReport {
  readonly version: 1;
  /** Of the dataset and of the times of faults: the same seed repeats them. */
  readonly seed: number;
  /** By suite, then by engine as they were asked for, then in the order in which they ran. */
  readonly results: readonly CaseResult[];
  /** How many of them have each verdict. */
  readonly summary: VerdictSummary;
  /** What no suite shows, for people. */
  readonly notTested: readonly string[];
}

/** Number of cases by verdict. */
export interface VerdictSummary {
  readonly pass: number;
  readonly fail: number;
  readonly unknown: number;
  readonly notRun: number;
}

export function summaryOf(results: readonly CaseResult[]): VerdictSummary {
  const count = (verdict: Verdict) => results.filter((result) => result.verdict === verdict).length;
  return { pass: count('pass'), fail: count('fail'), unknown: count('unknown'), notRun: count('not-run') };
}
