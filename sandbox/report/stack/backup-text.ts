import type { BackupReport } from '../../backup/backup-report.ts';
import type { Colors } from '../colors.ts';
import { formatTable } from '../table.ts';
import { formatBytes, formatDuration } from '../units.ts';
import { nodesDownText, notInItText } from './nodes-down-text.ts';

const keyNames = { team: "your team's key", user: 'your key', stack: "the stack's key" } as const;

/** A backup for people. */
export function formatBackup(report: BackupReport, colors: Colors): string {
  const { archive, engines, dataset, durationMs } = report;
  const rows = engines.map((engine) => [
    engine.engine,
    `${engine.serverVersion}, ${engine.origin}`,
    formatBytes(engine.sizeBytes),
    formatDuration(engine.durationMs),
    `${engine.megabytesPerS} MB/s`,
    engine.consistentPoint === true ? 'yes' : `no: ${engine.consistentPoint.no}`,
    engine.position.length > 60 ? `${engine.position.slice(0, 57)}...` : engine.position,
  ]);
  const table = formatTable(
    [
      { title: 'engine' },
      { title: 'server' },
      { title: 'size', align: 'right' },
      { title: 'time', align: 'right' },
      { title: 'speed', align: 'right' },
      { title: 'one moment' },
      { title: 'taken at' },
    ],
    rows,
    colors,
  );
  const held = dataset === null ? 'no common dataset' : `dataset ${dataset.size}, seed ${dataset.seed}`;
  const summary = `${formatBytes(archive.sizeBytes)} in ${formatDuration(durationMs)}, ${held}`;
  const removed = report.removed?.length ? `removed as too old: ${report.removed.join(', ')}\n` : '';
  const leftOut = [
    notInItText(engines, colors),
    ...report.leftOut.map(({ engine, why }) => `${colors.yellow('not in it')}: ${engine}. ${why}.\n`),
  ].join('');
  const without = nodesDownText(engines, colors);
  const signed = archive.signedBy.map((holder) => keyNames[holder]).join(' and ');
  const signature = signed === '' ? `${colors.yellow('not signed')}\n` : `signed with ${signed}\n`;
  return `${table}\n${leftOut}${without}${removed}${signature}${colors.green('backed up')}: ${summary}\n${archive.location}/${archive.name}\n`;
}
