import { type CheckResult, type QualityReport, summaryOf } from '../../../sandbox/quality/run/report.ts';

/** A result that nobody's store has given; `verdict` default: by the count. */
export function resultOf(check: string, count: number | undefined, more: Partial<CheckResult> = {}): CheckResult {
  const [engine = '', entity = ''] = check.split('.');
  return {
    check,
    engine,
    entity,
    description: `What ${check} is about.`,
    severity: 'error',
    cost: 'indexed',
    verdict: count === undefined ? 'unknown' : count === 0 ? 'pass' : 'fail',
    ...(count === undefined ? { reason: 'it is down' } : { count }),
    threshold: '0',
    ids: Array.from({ length: Math.min(count ?? 0, 20) }, (_, index) => `id ${index}`),
    accepted: 0,
    durationMs: 3,
    ...more,
  };
}

export function reportOf(startedAt: string, results: readonly CheckResult[]): QualityReport {
  return { version: 1, startedAt, durationMs: 12, seededAt: null, readers: {}, results, summary: summaryOf(results) };
}
