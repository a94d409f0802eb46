import type { BenchReport, PathResult } from '../../bench/results.ts';
import type { PlanCheck } from '../engines/engine.ts';
import type { Colors } from './colors.ts';
import { formatOrigin } from './status-text.ts';
import { formatTable } from './table.ts';
import { formatCount, formatMicroseconds } from './units.ts';

/** One line per query path and mode of load, then every plan or answer that was not as expected. */
export function formatBench(report: BenchReport, colors: Colors): string {
  const columns = [
    { title: 'engine' },
    { title: 'path' },
    { title: 'mode' },
    { title: 'origin' },
    ...['clients', 'per s', 'samples', 'p50', 'p90', 'p99', 'max'].map((title) => ({
      title,
      align: 'right' as const,
    })),
    { title: 'plan' },
    { title: 'answer' },
  ];
  const rows = report.paths.map((path) => pathRow(path, colors));
  return [formatTable(columns, rows, colors), ...report.paths.flatMap((path) => remarks(path, colors)), ''].join('\n');
}

/** Whether a plan or a known answer was not as expected: figures of the wrong query are worth nothing. */
export function benchHasFailed(report: BenchReport): boolean {
  return report.paths.some(({ plan, answer }) => plan?.ok === false || answer?.ok === false);
}

function pathRow(path: PathResult, colors: Colors): readonly string[] {
  return [
    path.engine,
    path.path,
    path.mode,
    formatOrigin(path.origin, colors),
    String(path.clients),
    formatCount(path.achievedPerS),
    formatCount(path.samples),
    ...[path.p50Us, path.p90Us, path.p99Us, path.maxUs].map(formatMicroseconds),
    checkMark(path.plan, colors),
    checkMark(path.answer, colors),
  ];
}

function checkMark(check: PlanCheck | undefined, colors: Colors): string {
  if (check === undefined) return '-';
  return check.ok ? colors.green('ok') : colors.red('wrong');
}

function remarks(path: PathResult, colors: Colors): readonly string[] {
  const checks = { plan: path.plan, answer: path.answer };
  return Object.entries(checks)
    .filter(([, check]) => check?.ok === false)
    .map(
      ([what, check]) =>
        `  ${colors.red(`wrong ${what}`)} ${path.engine} / ${path.path}: expected ${check?.expected}, got ${check?.actual}`,
    );
}
