import type { BenchReport, PathResult } from '../../bench/results.ts';
import type { PlanCheck } from '../engines/query-path.ts';
import type { Colors } from './colors.ts';
import { formatOrigin } from './status-text.ts';
import { type Column, formatTable } from './table.ts';
import { formatCount, formatMicroseconds } from './units.ts';

/** One line per query path and load, what else was measured, then everything that was not as expected. */
export function formatBench(report: BenchReport, colors: Colors): string {
  const columns = [
    ...left('engine', 'path', 'mode', 'origin'),
    ...right('clients', 'offered/s', 'reached/s', 'dropped', 'samples', 'p50', 'p90', 'p99', 'p99.9', 'max'),
    ...left('plan', 'answer'),
  ];
  const rows = report.paths.map((path) => pathRow(path, colors));
  return [
    formatTable(columns, rows, colors),
    ...formatReferences(report, colors),
    ...formatRecall(report, colors),
    ...report.paths.flatMap((path) => remarks(path, colors)),
    ...report.notRun.map(({ engine, path, reason }) => `  ${colors.dim('not run')} ${engine} / ${path}: ${reason}`),
    '',
  ].join('\n');
}

/** Whether a plan or a known answer was not as expected: figures of the wrong query are worth nothing. */
export function benchHasFailed(report: BenchReport): boolean {
  return report.paths.some(({ plan, answer }) => plan?.ok === false || answer?.ok === false);
}

function left(...titles: readonly string[]): readonly Column[] {
  return titles.map((title) => ({ title }));
}

function right(...titles: readonly string[]): readonly Column[] {
  return titles.map((title) => ({ title, align: 'right' }));
}

function pathRow(path: PathResult, colors: Colors): readonly string[] {
  return [
    path.engine,
    path.path,
    path.mode,
    formatOrigin(path.origin, colors),
    String(path.clients),
    path.offeredPerS === null ? '' : formatCount(path.offeredPerS),
    formatCount(path.achievedPerS),
    path.offeredPerS === null ? '' : formatCount(path.dropped),
    formatCount(path.samples),
    ...[path.p50Us, path.p90Us, path.p99Us].map(formatMicroseconds),
    path.p999Us === null ? '-' : formatMicroseconds(path.p999Us),
    formatMicroseconds(path.maxUs),
    checkMark(path.plan, colors),
    checkMark(path.answer, colors),
  ];
}

function formatReferences({ references, curves }: BenchReport, colors: Colors): readonly string[] {
  if (references.length === 0 && curves.length === 0) return [];
  const rows = references.map((reference) => [
    reference.engine,
    reference.path,
    reference.name,
    reference.request,
    String(reference.clients),
    formatCount(reference.achievedPerS),
    reference.p50Us === null ? '-' : formatMicroseconds(reference.p50Us),
    `${Math.round(reference.share * 100)} %`,
  ]);
  const own = curves.map(({ engine, path, points, harnessShare }) => {
    const most = points.reduce((best, point) => (point.achievedPerS > best.achievedPerS ? point : best));
    const [clients, perS] = [String(most.clients), formatCount(most.achievedPerS / harnessShare)];
    return [engine, path, 'the same, not measured', '', clients, perS, '-', `${(harnessShare * 100).toFixed(1)} %`];
  });
  const columns = [
    ...left('engine', 'path', 'reference', 'request'),
    ...right('clients', 'reached/s', 'p50', 'path reaches of it'),
  ];
  return [formatTable(columns, [...own, ...rows], colors)];
}

function formatRecall({ recall }: BenchReport, colors: Colors): readonly string[] {
  if (recall.length === 0) return [];
  const columns = [...left('engine', 'path'), ...right('ef', 'recall', 'returned', 'p50', 'p99')];
  const rows = recall.flatMap(({ engine, path, k, points }) =>
    points.map((point) => [
      engine,
      path,
      point.ef === null ? 'exact' : String(point.ef),
      point.recall.toFixed(3),
      `${point.returned.toFixed(1)} of ${k}`,
      formatMicroseconds(point.p50Us),
      formatMicroseconds(point.p99Us),
    ]),
  );
  return [formatTable(columns, rows, colors)];
}

function checkMark(check: PlanCheck | undefined, colors: Colors): string {
  if (check === undefined) return '-';
  return check.ok ? colors.green('ok') : colors.red('wrong');
}

function remarks(path: PathResult, colors: Colors): readonly string[] {
  const name = `${path.engine} / ${path.path}`;
  const load =
    path.mode === 'open'
      ? `open, ${formatCount(path.offeredPerS ?? 0)}/s`
      : `closed, ${path.clients} ${path.clients === 1 ? 'client' : 'clients'}`;
  const checks = { plan: path.plan, answer: path.answer };
  const late = path.schedule?.held === false ? formatMicroseconds(path.schedule.errorP99Us) : undefined;
  return [
    ...Object.entries(checks)
      .filter(([, check]) => check?.ok === false)
      .map(
        ([what, check]) =>
          `  ${colors.red(`wrong ${what}`)} ${name}: expected ${check?.expected}, got ${check?.actual}`,
      ),
    ...(path.client.bound === null ? [] : [`  ${colors.yellow(path.client.bound)} (${name}, ${load})`]),
    ...(late === undefined
      ? []
      : [`  ${colors.yellow('schedule not held')} ${name}, ${load}: arrivals up to ${late} late (p99)`]),
  ];
}
