import { withoutUndefined } from '../../core/without-undefined.ts';
import type { RecordedResult, RecordedRun } from './recorded-run.ts';

/** How a check has ended, run by run. */
export interface CheckTrend extends Omit<RecordedResult, 'entity'> {
  /** Start of the first run since which it has ended so each time: ISO 8601, UTC. */
  readonly since: string;
  /** Count of the last run before that knew one. */
  readonly before?: number;
  /** Against the last run before that decided it; `first` where none did, `undecided` where the newest did not. */
  readonly change: 'first' | 'same' | 'better' | 'worse' | 'undecided';
  /** The oldest first. */
  readonly points: readonly TrendPoint[];
}

/** A check in one run. */
export interface TrendPoint {
  /** Start of the run: ISO 8601, UTC. */
  readonly at: string;
  readonly verdict: RecordedResult['verdict'];
  readonly count?: number;
}

type Seen = { readonly at: string; readonly result: RecordedResult };

/** One trend for each check of the runs, which are in order of time. */
export function trendsOf(runs: readonly RecordedRun[]): readonly CheckTrend[] {
  const seen = runs.flatMap(({ startedAt, results }) => results.map((result): Seen => ({ at: startedAt, result })));
  return [...Map.groupBy(seen, ({ result }) => result.check).values()].map(trendOf);
}

function trendOf(seen: readonly Seen[]): CheckTrend {
  const { result } = seen.at(-1) as Seen;
  const { entity: _, ...newest } = result;
  const earlier = seen.slice(0, -1).map((each) => each.result);
  const other = seen.findLastIndex((each) => each.result.verdict !== result.verdict);
  return {
    ...newest,
    since: (seen[other + 1] as Seen).at,
    ...withoutUndefined({ before: earlier.findLast(({ count }) => count !== undefined)?.count }),
    change: changeOf(earlier.findLast(isDecided), result),
    points: seen.map(({ at, result: { verdict, count } }) => ({ at, verdict, ...withoutUndefined({ count }) })),
  };
}

export function isDecided({ verdict }: Pick<RecordedResult, 'verdict'>): boolean {
  return verdict === 'pass' || verdict === 'fail';
}

/** A count is a number of violations unless there have to be some of what it counts. */
export function violationsOf({ verdict, threshold, count = 1 }: RecordedResult): number {
  if (verdict !== 'fail') return 0;
  return threshold === '0' || threshold.startsWith('<') ? Math.max(count, 1) : 1;
}

function changeOf(before: RecordedResult | undefined, now: RecordedResult): CheckTrend['change'] {
  if (!isDecided(now)) return 'undecided';
  if (before === undefined) return 'first';
  const difference = violationsOf(now) - violationsOf(before);
  if (difference === 0) return 'same';
  return difference > 0 ? 'worse' : 'better';
}
