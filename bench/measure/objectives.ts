import type { PathDescription } from '../../sandbox/engines/contract/bench/query-path.ts';
import type { PathResult } from '../results.ts';
import type { ObjectiveResult } from './path-figures.ts';

/** Fewer samples than this have no 99th percentile: it would be the slowest of them. */
const samplesForP99 = 100;

/**
 * Puts the objective of a path on the row that it is promised for: the first load on a schedule, which is half of the
 * maximum, or the single client where no schedule was measured.
 */
export function withObjective(
  { p99Ms }: PathDescription['objective'],
  rows: readonly PathResult[],
): readonly PathResult[] {
  const promised = rows.find(({ mode }) => mode === 'open') ?? rows[0];
  return rows.map((row) => (row === promised ? { ...row, objective: judge(row, p99Ms) } : row));
}

function judge({ samples, p99Us, client, dropped }: PathResult, p99Ms: number): ObjectiveResult {
  if (dropped > 0) return { p99Ms, met: false };
  const met = p99Us <= p99Ms * 1_000;
  // Kept in spite of a client that was the limit is kept.
  const isTold = samples >= samplesForP99 && (met || client.bound === null);
  return { p99Ms, met: isTold ? met : null };
}

/** Paths whose objective was not kept. */
export function missedObjectives(paths: readonly PathResult[]): readonly PathResult[] {
  return paths.filter(({ objective }) => objective?.met === false);
}
