import type { RestoredEngine, RestoreReport } from '../../backup/backup-report.ts';
import { formatCount } from '../../core/text/format-count.ts';
import { momentText } from '../../core/text/moment.ts';
import type { Colors } from '../colors.ts';
import { formatTable } from '../table.ts';
import { formatBytes, formatDuration } from '../units.ts';
import { formatCrossStore } from './cross-store-text.ts';

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
    ...(report.moment === undefined ? [] : [`moment:      ${report.moment.local}`]),
    ...engines.flatMap((engine) => ofArchiveLine(engine, report)),
    ...(report.provenance === 'own' ? [] : [`${colors.yellow('foreign archive')}: no known key has signed it`]),
    ...engines.flatMap(expiredLine),
    ...report.doors.map((door) => `${colors.yellow('rights of the archive')}: ${door}`),
    ...(safetyBackup === undefined ? [] : [`what was live before: ${safetyBackup.location}/${safetyBackup.name}`]),
    ...(restoreStack === undefined ? [] : [`look at it:  ${restoreStack.look}`, `delete it:   ${restoreStack.remove}`]),
  ];
  const checked = crossStore === undefined ? '' : `\n${formatCrossStore(crossStore, colors)}`;
  return `${table}\n${lines.join('\n')}\n${checked}`;
}

/** An engine that is not of the moment that was asked for. */
function ofArchiveLine({ engine, asOf }: RestoredEngine, { moment }: RestoreReport): string[] {
  if (moment === undefined || asOf === undefined || asOf === moment.at) return [];
  return [`${engine}: as the archive has it, of ${momentText(new Date(asOf))}`];
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
