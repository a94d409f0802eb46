import type { RestoredEngine, RestoreReport } from '../backup/backup-report.ts';
import type { Colors } from './colors.ts';
import { formatCrossStore } from './cross-store-text.ts';
import { formatTable } from './table.ts';
import { formatBytes, formatCount, formatDuration } from './units.ts';

/** A restore for people. */
export function formatRestore(report: RestoreReport, colors: Colors): string {
  const { engines, archive, createdAt, durationMs, downtimeMs, safetyBackup, restoreStack, crossStore } = report;
  const rows = engines.map((engine) => [
    engine.engine,
    placeOf(engine, report),
    formatBytes(engine.sizeBytes),
    formatDuration(engine.durationMs),
    `${engine.megabytesPerS} MB/s`,
  ]);
  const table = formatTable(
    [
      { title: 'engine' },
      { title: 'restored' },
      { title: 'size', align: 'right' },
      { title: 'time', align: 'right' },
      { title: 'speed', align: 'right' },
    ],
    rows,
    colors,
  );
  const down = downtimeMs === undefined ? '' : `, of which the engines were down for ${formatDuration(downtimeMs)}`;
  const lines = [
    `${colors.green('restored')}: ${archive.name} of ${createdAt} in ${formatDuration(durationMs)}${down}`,
    ...(report.provenance === 'own' ? [] : [`${colors.yellow('foreign archive')}: no known key has signed it`]),
    ...engines.flatMap(expiredLine),
    ...report.doors.map((door) => `${colors.yellow('rights of the archive')}: ${door}`),
    ...(safetyBackup === undefined ? [] : [`what was live before: ${safetyBackup.location}/${safetyBackup.name}`]),
    ...(restoreStack === undefined ? [] : [`look at it:  ${restoreStack.look}`, `delete it:   ${restoreStack.remove}`]),
  ];
  const checked = crossStore === undefined ? '' : `\n${formatCrossStore(crossStore, colors)}`;
  return `${table}\n${lines.join('\n')}\n${checked}`;
}

/** What has a lifetime is not brought back after it. */
function expiredLine({ engine, expired }: RestoredEngine): string[] {
  if (expired === undefined) return [];
  return [`${engine}: ${formatCount(expired)} ${expired === 1 ? 'item' : 'items'} had expired since the backup`];
}

function placeOf({ place, names }: RestoredEngine, { restoreStack }: RestoreReport): string {
  if (place === 'live') return 'in place of the live data';
  if (place === 'beside') return `beside the live data: ${names.join(', ')}`;
  return `into the stack ${restoreStack?.name}`;
}
