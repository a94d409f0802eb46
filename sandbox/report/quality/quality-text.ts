import { countOf } from '../../core/text/format-count.ts';
import type { CheckResult, QualityReport } from '../../quality/run/report.ts';
import type { Colors } from '../colors.ts';
import { formatTable } from '../table.ts';
import { formatDuration } from '../units.ts';

/** Ids of a check that a line shows; the others are in the JSON document and on the page. */
const idsShown = 3;

/** What was found, the worst first; checks that passed are counted. */
export function formatQuality(report: QualityReport, colors: Colors): string {
  const { results, summary, seededAt, durationMs } = report;
  const order = ['fail', 'unknown', 'not-run'];
  const shown = order.flatMap((verdict) => results.filter((result) => result.verdict === verdict));
  const table = formatTable(
    [
      { title: 'verdict' },
      { title: 'check' },
      { title: 'found', align: 'right' },
      { title: 'wanted' },
      { title: 'what' },
    ],
    shown.map((result) => [
      paintedVerdict(result, colors),
      result.check,
      result.count === undefined ? '' : String(result.count),
      result.threshold,
      whatOf(result),
    ]),
    colors,
  );
  const notes = results.flatMap(({ check, note }) => (note === undefined ? [] : [`${check}: ${note}\n`]));
  const counts = [
    `${summary.pass} pass`,
    countOf(summary.errors, 'error'),
    countOf(summary.warnings, 'warning'),
    `${summary.unknown} unknown`,
    `${summary.notRun} not run`,
  ];
  const judged =
    seededAt === null
      ? ''
      : `Rows of the dataset are judged as of ${seededAt}, where it ends; all others by the clock.\n`;
  return `${shown.length === 0 ? '' : table}${notes.join('')}${judged}${counts.join(', ')}; ${formatDuration(durationMs)}\n`;
}

/** A failure is told by its severity. */
export function paintedVerdict(
  { verdict, severity }: Pick<CheckResult, 'verdict' | 'severity'>,
  colors: Colors,
): string {
  if (verdict === 'pass') return colors.green(verdict);
  if (verdict !== 'fail') return colors.yellow(verdict);
  return severity === 'error' ? colors.red('error') : colors.yellow('warning');
}

function whatOf({ reason, ids, count, description }: CheckResult): string {
  if (reason !== undefined) return reason;
  if (ids.length === 0) return description;
  const more = (count ?? 0) - Math.min(ids.length, idsShown);
  return `${ids.slice(0, idsShown).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
