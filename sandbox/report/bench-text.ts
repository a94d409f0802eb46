import type { BenchReport, PathResult } from '../../bench/results.ts';
import type { PlanCheck } from '../engines/query-path.ts';
import type { Colors } from './colors.ts';
import { formatOrigin } from './status-text.ts';
import { type Column, formatTable } from './table.ts';
import { formatCount, formatMicroseconds } from './units.ts';

/** Up to so many paths are shown with what their time is made of; a page has it for all. */
const pathsInDetail = 6;

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

function left(...titles: readonly string[]): readonly Column[] {
  return titles.map((title) => ({ title }));
}

function right(...titles: readonly string[]): readonly Column[] {
  return titles.map((title) => ({ title, align: 'right' }));
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

/** Kinds of parameters of a few paths, and the hops of those that have some. */
function formatParts({ paths }: BenchReport, colors: Colors): readonly string[] {
  const single = paths.filter(({ kinds }) => kinds !== undefined);
  const withKinds = single.length <= pathsInDetail ? single : [];
  const figures = ({ samples, p50Us, p99Us }: { samples: number; p50Us: number; p99Us: number }) => [
    formatCount(samples),
    formatMicroseconds(p50Us),
    formatMicroseconds(p99Us),
  ];
  const kindRows = withKinds.flatMap(({ engine, path, kinds = [] }) =>
    kinds.map((each) => [engine, path, each.kind, `${Math.round(each.share * 100)} %`, ...figures(each)]),
  );
  const hopRows = single.flatMap(({ engine, path, hops = [] }) =>
    hops.map((each) => [engine, path, each.hop, ...figures(each)]),
  );
  const last = right('samples', 'p50', 'p99');
  const kindColumns = [...left('engine', 'path', 'parameters'), ...right('share'), ...last];
  const hopColumns = [...left('engine', 'path', 'hop'), ...last];
  return [
    ...(kindRows.length === 0 ? [] : [formatTable(kindColumns, kindRows, colors)]),
    ...(hopRows.length === 0 ? [] : [formatTable(hopColumns, hopRows, colors)]),
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

function formatRecall({ recall, paths }: BenchReport, colors: Colors): readonly string[] {
  const own = paths.flatMap((path) => (path.recall === undefined ? [] : [{ ...path, recall: path.recall }]));
  if (recall.length === 0 && own.length === 0) return [];
  if (recall.length === 0) {
    const columns = [...left('engine', 'path'), ...right('ef', 'recall', 'returned', 'p50', 'p99')];
    const rows = own.map(({ engine, path, recall: { k, ef, ...found }, p50Us, p99Us }) => [
      engine,
      path,
      String(ef),
      `${found.recall.toFixed(3)} at ${k}`,
      `${found.returned.toFixed(1)} of ${k}`,
      ...[p50Us, p99Us].map(formatMicroseconds),
    ]);
    return [formatTable(columns, rows, colors)];
  }
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
  if (check.ok === null) return colors.dim('not checked');
  return check.ok ? colors.green('ok') : colors.red('wrong');
}

/** More lines than this say no more than how many there are. */
const boundLinesMax = 6;

function boundRemarks({ paths }: BenchReport, colors: Colors): readonly string[] {
  const bound = paths.filter(({ client }) => client.bound !== null);
  if (bound.length <= boundLinesMax) {
    return bound.map(
      (path) => `  ${colors.yellow(path.client.bound ?? '')} (${path.engine} / ${path.path}, ${loadText(path)})`,
    );
  }
  const waited = Math.max(...bound.map(({ client }) => client.waitedForCoreShare));
  const waiting = waited === 0 ? '' : `; it waited for a core up to ${Math.round(waited * 100)} % of the time`;
  const count = `client-bound: ${bound.length} of ${paths.length} figures are those of this process`;
  return [`  ${colors.yellow(`${count}${waiting}`)}. The machine was busy; the JSON and the page have each.`];
}

function loadText({ mode, offeredPerS, clients }: PathResult): string {
  return mode === 'open'
    ? `open, ${formatCount(offeredPerS ?? 0)}/s`
    : `closed, ${clients} ${clients === 1 ? 'client' : 'clients'}`;
}

function remarks(path: PathResult, colors: Colors): readonly string[] {
  const name = `${path.engine} / ${path.path}`;
  const load = loadText(path);
  const checks = { plan: path.plan, answer: path.answer };
  const late = path.schedule?.held === false ? formatMicroseconds(path.schedule.errorP99Us) : undefined;
  return [
    ...Object.entries(checks)
      .filter(([, check]) => check?.ok === false)
      .map(
        ([what, check]) =>
          `  ${colors.red(`wrong ${what}`)} ${name}: expected ${check?.expected}, got ${check?.actual}`,
      ),
    ...Object.entries(checks)
      .filter(([, check]) => check?.ok === null)
      .map(
        ([what, check]) =>
          `  ${colors.dim(`${what} not checked`)} ${name}: ${check?.actual.replace('not checked: ', '')}`,
      ),
    ...(late === undefined
      ? []
      : [`  ${colors.yellow('schedule not held')} ${name}, ${load}: arrivals up to ${late} late (p99)`]),
  ];
}
