import type { CheckTrend, TrendPoint } from '../../quality/history/trends.ts';

const order = ['fail', 'unknown', 'not-run', 'pass'];

/** Whether it has passed each time. */
export function isQuiet({ points }: Pick<CheckTrend, 'points'>): boolean {
  return points.every(({ verdict }) => verdict === 'pass');
}

/** The worst first, as their contracts have them beyond that. */
export function inOrder<Trend extends CheckTrend>(trends: readonly Trend[]): readonly Trend[] {
  const rank = ({ verdict, severity }: Trend) => order.indexOf(verdict) * 2 + (severity === 'error' ? 0 : 1);
  return trends.toSorted((one, other) => rank(one) - rank(other));
}

/** A run of a check in a row of them: its count, `?` where nobody knew. */
export function pointText({ verdict, count }: TrendPoint): string {
  if (verdict === 'unknown') return '?';
  return count === undefined ? '-' : String(count);
}
