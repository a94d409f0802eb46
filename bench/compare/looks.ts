import type { BenchReport, PathResult } from '../results.ts';
import { changeToFind, ownSpread } from './compare-figures.ts';
import type { Comparison } from './compare-reports.ts';
import { readingsOf } from './rounds-of-reports.ts';

/** A path is measured so many times at most: the first look, which all have, and those for which it left a doubt. */
const looksAtMost = 4;

/** A saved run is a good one to compare with once chance moves a path's figure by no more: standard deviation, as a share. */
const settledSpread = 0.012;

/**
 * Measures all paths, then those alone that `doubtful` names, until it names none. `measure` is told which paths, all of
 * them by `undefined`, and gives the report of each target.
 */
export async function lookUntilClear(
  measure: (paths: readonly string[] | undefined) => Promise<readonly BenchReport[]>,
  doubtful: (reports: readonly BenchReport[]) => readonly string[],
): Promise<readonly BenchReport[]> {
  let reports = await measure(undefined);
  for (let look = 1; look < looksAtMost; look += 1) {
    const paths = [...new Set(doubtful(reports))];
    if (paths.length === 0) break;
    const further = await measure(paths);
    reports = reports.map((report, index) => withLook(report, further[index], look));
  }
  return reports;
}

/** Paths that seem to have changed, or may have got 20 % slower for all that is known. */
export function doubtfulOf({ paths, isJudged }: Comparison): readonly string[] {
  return paths
    .filter(({ latency: { verdict, change, interval }, looks, plan, answer }) => {
      if (plan !== undefined || answer !== undefined) return looks === 1;
      if (!isJudged) return false;
      if (verdict === 'slower' || verdict === 'faster') return looks === 1;
      return verdict === 'unclear' && Math.max(change * 2, interval[1]) >= changeToFind;
    })
    .map(({ path }) => path);
}

/** Paths of a run whose figure chance still moves by much. */
export function unsettledOf(report: BenchReport): readonly string[] {
  return report.paths
    .filter(({ reference }) => reference !== undefined)
    .filter((path) => (ownSpread(readingsOf(report, path)) ?? 0) > settledSpread)
    .map(({ path }) => path);
}

/** Rows stay those of the first look; a plan that is expected both times is the later one. */
function withLook(report: BenchReport, further: BenchReport | undefined, look: number): BenchReport {
  if (further === undefined) return report;
  const again = (path: PathResult) =>
    further.paths.find((other) => other.engine === path.engine && other.path === path.path);
  return {
    ...report,
    environment: { ...report.environment, loadAfter: further.environment.loadAfter },
    paths: report.paths.map((path) => ({
      ...path,
      plan: path.plan.ok === false ? path.plan : (again(path)?.plan ?? path.plan),
    })),
    rounds: [...report.rounds, ...further.rounds.map((round) => ({ ...round, look }))],
  };
}
