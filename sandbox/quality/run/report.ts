import type { CostClass } from '../../engines/contract/quality.ts';
import type { Severity } from '../contracts/contract.ts';

type QualityVerdict = 'pass' | 'fail' | 'unknown' | 'not-run';

/** What one check has found. */
export interface CheckResult {
  /** `postgresql.users.email-duplicates`. */
  readonly check: string;
  readonly engine: string;
  readonly entity: string;
  readonly description: string;
  readonly severity: Severity;
  readonly cost: CostClass;
  /** `unknown`: the store did not answer, or not in time. */
  readonly verdict: QualityVerdict;
  /** Why it is `unknown` or `not-run`. */
  readonly reason?: string;
  /** Violations; of a check that counts rows, the rows; of drift, the stability index. Absent where nobody knows. */
  readonly count?: number;
  /** What the count has to be: `0`, `>= 1`. */
  readonly threshold: string;
  /** At most 20 of the violations. */
  readonly ids: readonly string[];
  /** Ids that the contract accepts, and that were left out. */
  readonly accepted: number;
  readonly note?: string;
  readonly durationMs: number;
}

export interface QualitySummary {
  readonly pass: number;
  /** Checks whose severity is `error`. */
  readonly errors: number;
  /** Checks that failed with the severity `warning`. */
  readonly warnings: number;
  readonly unknown: number;
  readonly notRun: number;
}

/** Its version changes when a field changes its meaning. */
export interface QualityReport {
  readonly version: 1;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** The moment that the loaded dataset stands still at: its own rows are judged then, all others by the clock. */
  readonly seededAt: string | null;
  /** As whom each store was read. */
  readonly readers: Readonly<Record<string, string>>;
  readonly results: readonly CheckResult[];
  readonly summary: QualitySummary;
}

export function summaryOf(results: readonly CheckResult[]): QualitySummary {
  const count = (is: (result: CheckResult) => boolean) => results.filter(is).length;
  return {
    pass: count(({ verdict }) => verdict === 'pass'),
    errors: count(({ verdict, severity }) => verdict === 'fail' && severity === 'error'),
    warnings: count(({ verdict, severity }) => verdict === 'fail' && severity === 'warning'),
    unknown: count(({ verdict }) => verdict === 'unknown'),
    notRun: count(({ verdict }) => verdict === 'not-run'),
  };
}

/** What nobody could decide is no pass. */
export function hasFailed({ errors, unknown }: QualitySummary): boolean {
  return errors > 0 || unknown > 0;
}
