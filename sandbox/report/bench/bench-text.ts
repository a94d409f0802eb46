import type { BenchReport, PathResult } from '../../../bench/results.ts';
import { formatCount } from '../../core/text/format-count.ts';
import type { PlanCheck } from '../../engines/contract/bench/query-path.ts';
import type { Colors } from '../colors.ts';
import { left, right } from '../columns.ts';
import { formatOrigin } from '../stack/status-text.ts';
import { formatTable } from '../table.ts';
import { formatMicroseconds } from '../units.ts';
import { formatParts, formatRecall } from './bench-parts-text.ts';
import { boundRemarks, remarks, storesRemarks } from './bench-remarks-text.ts';

/** One line per query path and load, what else was measured, then everything that was not as expected. */
export function formatBench(report: BenchReport, colors: Colors): string {
  const isOpen = report.paths.some(({ mode }) => mode === 'open');
  const columns = [
    ...left('engine', 'path', 'origin'),
    ...(isOpen ? [...left('mode'), ...right('clients', 'offered/s')] : []),
    ...right('reached/s'),
    ...(isOpen ? right('dropped') : []),
    ...right('samples', 'p50', 'p90', 'p99', 'p99.9', 'max', 'objective'),
    ...left('plan', 'answer'),
  ];
  const rows = report.paths.map((path) => pathRow(path, isOpen, colors));
  return [
    formatTable(columns, rows, colors),
    ...formatParts(report, colors),
    ...formatReferences(report, colors),
    ...formatRecall(report, colors),
    ...storesRemarks(report, colors),
    ...report.paths.flatMap((path) => remarks(path, colors)),
    ...boundRemarks(report, colors),
    ...report.notRun.map(({ engine, path, reason }) => `  ${colors.dim('not run')} ${engine} / ${path}: ${reason}`),
    '',
  ].join('\n');
}

/** Whether a plan or a known answer was not as expected: figures of the wrong query are worth nothing. */
export function benchHasFailed(report: BenchReport): boolean {
  return report.paths.some(({ plan, answer }) => plan?.ok === false || answer?.ok === false);
}

function pathRow(path: PathResult, isOpen: boolean, colors: Colors): readonly string[] {
  const offered = path.offeredPerS === null ? '' : formatCount(path.offeredPerS);
  return [
    path.engine,
    path.path,
    formatOrigin(path.origin, colors),
    ...(isOpen ? [path.mode, String(path.clients), offered] : []),
    formatCount(path.achievedPerS),
    ...(isOpen ? [path.offeredPerS === null ? '' : formatCount(path.dropped)] : []),
    formatCount(path.samples),
    ...[path.p50Us, path.p90Us, path.p99Us].map(formatMicroseconds),
    path.p999Us === null ? '-' : formatMicroseconds(path.p999Us),
    formatMicroseconds(path.maxUs),
    paintObjective(path.objective, colors),
    checkMark(path.plan, colors),
    checkMark(path.answer, colors),
  ];
}

/** `50 ms: met`; nothing on rows that nothing is promised for. */
export function objectiveText(objective: PathResult['objective']): string {
  if (objective === undefined) return '';
  const { p99Ms, met } = objective;
  return `p99 ${p99Ms} ms: ${met === null ? 'not told' : met ? 'met' : 'missed'}`;
}

function paintObjective(objective: PathResult['objective'], colors: Colors): string {
  const text = objectiveText(objective);
  return objective?.met === false ? colors.yellow(text) : objective?.met === null ? colors.dim(text) : text;
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

function checkMark(check: PlanCheck | undefined, colors: Colors): string {
  if (check === undefined) return '-';
  if (check.ok === null) return colors.dim('not checked');
  return check.ok ? colors.green('ok') : colors.red('wrong');
}
