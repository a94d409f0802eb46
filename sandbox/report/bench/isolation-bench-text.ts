import { datasetText } from '../../../bench/environment.ts';
import type { IsolationReport, LeaseFigure, MemoryFigure, WorkersFigure } from '../../../bench/isolation/results.ts';
import type { Colors } from '../colors.ts';
import { formatTable } from '../table.ts';
import { formatBytes } from '../units.ts';

/** Leases beside the other ways to such a store, then the workers' tests and the broker's memory. */
export function formatIsolationBench(report: IsolationReport, colors: Colors): string {
  const right = (title: string) => ({ title, align: 'right' as const });
  const columns = [
    ...[{ title: 'store' }, { title: 'came by' }, { title: 'way' }],
    ...['samples', 'p50 ms', 'p95 ms', 'p99 ms', 'ratio', 'wanted'].map(right),
    { title: '' },
  ];
  const rows = report.figures.map((figure) => rowOf(figure, colors));
  const { loadBefore, loadAfter } = report.environment;
  return [
    formatTable(columns, rows, colors),
    ...(report.workers === null ? [] : [workersText(report.workers, colors)]),
    ...(report.memory === null ? [] : [memoryText(report.memory, colors)]),
    ...report.notRun.map(({ engine, what, reason }) => `${engine}, ${what}: not run: ${reason}`),
    'made: it did not exist before; as new: made as new after a test that wrote, while this one waited; handed out: it was ready.',
    'ratio: time of a lease over that of this way, median of the rounds, in turns. A lease is wanted to be faster than other tools.',
    `Data: ${datasetText(report.environment)}. Load of the machine: ${loadBefore.toFixed(1)} before, ${loadAfter.toFixed(1)} after, on ${report.environment.cores} cores.`,
    '',
  ].join('\n');
}

function rowOf(figure: LeaseFigure, colors: Colors): readonly string[] {
  const { engine, kind, way, samples, p50Ms, p95Ms, p99Ms, ratio, wantedMs, role } = figure;
  const wanted = wantedMs !== undefined ? msText(wantedMs) : role === 'peer' ? '< 1.00' : '';
  return [
    ...(role === 'lease' ? [engine, kind] : ['', '']),
    ...[way, String(samples), msText(p50Ms), msText(p95Ms), msText(p99Ms)],
    ...[ratio === undefined ? '' : ratio.toFixed(2), wanted, markOf(figure.met, colors)],
  ];
}

function workersText(figure: WorkersFigure, colors: Colors): string {
  const { workers, engines, tests, rounds, leasedS, heldS, testMs, addedMs, ratio, wantedRatio, met } = figure;
  return (
    `${workers} workers, ${tests} tests on ${engines.join(', ')}, ${rounds} rounds: ${leasedS.toFixed(2)} s with leases, ` +
    `${heldS.toFixed(2)} s with stores that each has for itself; ${ratio.toFixed(3)} times (wanted: at most ${wantedRatio}) ` +
    `${markOf(met, colors)}; a test takes ${msText(testMs)} ms, a lease adds ${msText(addedMs)} ms`
  );
}

function memoryText(memory: MemoryFigure, colors: Colors): string {
  const { program, residentBytes, peakBytes, nodeItselfBytes, places, wantedBytes, met } = memory;
  const counts = Object.entries(places).map(([engine, count]) => `${engine} ${count}`);
  const judged = met === null ? 'not judged: run `npm run build` first, users have the built one' : markOf(met, colors);
  return (
    `Memory of the broker (${program}): ${formatBytes(residentBytes)}, at most ${formatBytes(peakBytes)}, of which Node.js itself ` +
    `${formatBytes(nodeItselfBytes)} (wanted: at most ${formatBytes(wantedBytes)}) ${judged}; places: ${counts.join(', ')}`
  );
}

function msText(ms: number | null): string {
  if (ms === null) return '-';
  return ms < 10 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : ms.toFixed(0);
}

function markOf(met: boolean | undefined, colors: Colors): string {
  if (met === undefined) return '';
  return met ? colors.green('met') : colors.red('missed');
}
