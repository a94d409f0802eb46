import type { StartupReport } from '../../../bench/startup.ts';
import type { Colors } from '../colors.ts';
import { formatTable } from '../table.ts';
import { formatBytes, formatDuration } from '../units.ts';

/** Each figure beside what is wanted, then the ratio, the memory and the peer. */
export function formatStartupReport(report: StartupReport, colors: Colors): string {
  const columns = [
    { title: 'figure' },
    { title: 'median', align: 'right' as const },
    { title: 'wanted', align: 'right' as const },
    { title: '' },
    { title: 'runs' },
  ];
  const mark = (met: boolean) => (met ? colors.green('met') : colors.red('missed'));
  const rows = report.figures.map(({ name, medianMs, targetMs, runsMs }) => [
    name,
    formatDuration(medianMs),
    formatDuration(targetMs),
    mark(medianMs <= targetMs),
    runsMs.map(formatDuration).join(', '),
  ]);
  const alone = Object.entries(report.aloneMs).map(([engine, ms]) => `${engine} ${formatDuration(ms)}`);
  const memory = Object.entries(report.residentBytes).map(([engine, bytes]) => `${engine} ${formatBytes(bytes)}`);
  const total = Object.values(report.residentBytes).reduce((sum, bytes) => sum + bytes, 0);
  const compose =
    'notRun' in report.compose
      ? `not run: ${report.compose.notRun}`
      : `${formatDuration(report.compose.readyMs)} until healthy (${report.compose.program})`;
  return [
    formatTable(columns, rows, colors),
    `Alone: ${alone.join(', ')}`,
    `All ready over the slowest alone: ${report.ratioToSlowest} (wanted: at most 1.3) ${mark(report.ratioToSlowest <= 1.3)}`,
    `Memory without caches: ${formatBytes(total)} (wanted: at most 1.2 GB) ${mark(total <= 1.2e9)}: ${memory.join(', ')}`,
    `Compose, the same images: ${compose}`,
    '',
  ].join('\n');
}
