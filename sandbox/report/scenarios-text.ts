import type { CaseResult, ScenariosReport, Verdict } from '../../scenarios/results.ts';
import { figuresOf } from './bench/figures-text.ts';
import type { Colors } from './colors.ts';
import { formatOrigin } from './stack/status-text.ts';
import { formatTable } from './table.ts';
import { formatDuration } from './units.ts';

/** One line per suite and engine, then every case that did not pass with its reason, figures, what was not tested, the sum. */
export function formatScenarios(report: ScenariosReport, colors: Colors): string {
  const columns = [
    { title: 'suite' },
    { title: 'engine' },
    { title: 'topology' },
    { title: 'origin' },
    { title: 'verdict' },
    { title: 'cases' },
    { title: 'time', align: 'right' as const },
  ];
  const groups = Map.groupBy(report.results, ({ suite, engine, topology }) => `${suite} ${engine} ${topology}`);
  const rows = [...groups.values()].map((results) => groupRow(results, colors));
  const remarks = report.results.filter(({ verdict }) => verdict !== 'pass').map((result) => remark(result, colors));
  const { pass, fail, unknown, notRun } = report.summary;
  const sum = `${pass} pass, ${fail} fail, ${unknown} unknown, ${notRun} not run; seed ${report.seed}`;
  const figures = report.results.flatMap((result) => figuresOf(result, colors));
  const open = report.notTested.map((what) => `  ${colors.dim('not tested')} ${what}`);
  return [formatTable(columns, rows, colors), ...remarks, ...figures, ...open, sum, ''].join('\n');
}

/** What a group of verdicts comes to: the worst of them, and `not-run` only where nothing ran. */
function overallVerdict(verdicts: readonly Verdict[]): Verdict {
  for (const verdict of ['fail', 'unknown', 'pass'] as const) {
    if (verdicts.includes(verdict)) return verdict;
  }
  return 'not-run';
}

/** Whether a run of suites is to end with exit code 1. What could not be decided is no success. */
export function hasFailed(summary: ScenariosReport['summary']): boolean {
  return summary.fail > 0 || summary.unknown > 0;
}

function groupRow(results: readonly CaseResult[], colors: Colors): readonly string[] {
  const [first] = results;
  const counts = Map.groupBy(results, ({ verdict }) => verdict);
  return [
    first?.suite ?? '',
    first?.engine ?? '',
    first?.topology ?? '',
    formatOrigin(first?.origin, colors),
    colorOfVerdict(overallVerdict([...counts.keys()]), colors),
    [...counts].map(([verdict, cases]) => `${cases.length} ${verdict}`).join(', '),
    formatDuration(results.reduce((sum, { durationMs }) => sum + durationMs, 0)),
  ];
}

function remark(result: CaseResult, colors: Colors): string {
  const where = `${result.suite} / ${result.engine} / ${result.case}`;
  return `  ${colorOfVerdict(result.verdict, colors)} ${where}: ${result.reason ?? 'no reason given'}`;
}

function colorOfVerdict(verdict: Verdict, colors: Colors): string {
  const paint = { pass: colors.green, fail: colors.red, unknown: colors.yellow, 'not-run': colors.dim }[verdict];
  return paint(verdict);
}
