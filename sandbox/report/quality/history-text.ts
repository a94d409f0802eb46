import type { QualityHistory } from '../../quality/history/history.ts';
import type { CheckTrend } from '../../quality/history/trends.ts';
import type { Colors } from '../colors.ts';
import { left, right } from '../columns.ts';
import { formatTable } from '../table.ts';
import { paintedVerdict } from './quality-text.ts';
import { inOrder, isQuiet, pointText } from './trend-text.ts';

/** Runs of a check that its line shows, the newest last. */
const pointsShown = 8;

/** What is not as it should be or was not in one of the runs, the worst first; the other checks are counted unless `all`. */
export function formatHistory({ runs, checks, unreadable }: QualityHistory, all: boolean, colors: Colors): string {
  const [first] = runs;
  if (first === undefined) return 'No run is recorded yet: `npm run sandbox -- quality run`.\n';
  const shown = inOrder(checks.filter((trend) => all || !isQuiet(trend)));
  const table = formatTable(
    [...left('now', 'check'), ...right('found', 'before'), ...left('change', 'since', 'newest runs')],
    shown.map((trend) => [
      paintedVerdict(trend, colors),
      trend.check,
      trend.count === undefined ? '' : String(trend.count),
      trend.before === undefined ? '' : String(trend.before),
      paintedChange(trend.change, colors),
      trend.since,
      trend.points.slice(-pointsShown).map(pointText).join(' '),
    ]),
    colors,
  );
  const quiet = checks.length - shown.length;
  return [
    shown.length === 0 ? '' : table,
    quiet === 0 ? '' : `Passed in each of these runs: ${quiet}.\n`,
    unreadable === 0 ? '' : `Lines of the history that cannot be read: ${unreadable}.\n`,
    `${runs.length === 1 ? '1 run' : `${runs.length} runs`}, ${first} to ${runs.at(-1)}\n`,
  ].join('');
}

function paintedChange(change: CheckTrend['change'], colors: Colors): string {
  if (change === 'worse') return colors.red(change);
  if (change === 'better') return colors.green(change);
  return change === 'undecided' ? colors.yellow(change) : change;
}
