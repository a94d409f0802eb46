import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandResult, execInNode, runOneOff } from '../../../../containers/runtime/exec.ts';
import { labelNames } from '../../../../containers/runtime/labels.ts';
import { SandboxError } from '../../../../core/errors.ts';
import type { BackupManifest, BackupPart } from '../../../contract/backup.ts';
import { firstNode, type RunningEngine } from '../../../contract/topology.ts';
import { openPart, writePart } from '../../../shared/backup/backup-files.ts';
import { manifestHeader } from '../../../shared/backup/manifest-header.ts';
import { openPrimary } from '../../server/connection.ts';
import { type BaseBackup, baseFile, descriptionFile } from './base-description.ts';
import { forgetLogBefore, keepLog } from './log-archive.ts';
import { segmentNameAt } from './write-ahead-log.ts';

/** `pg_basebackup` as a stream, checked against its own manifest. The server keeps its log from before it on. */
export async function backUpBase(
  running: RunningEngine,
  directory: string,
  { keepsEarlierLog = false }: { readonly keepsEarlierLog?: boolean } = {},
): Promise<BackupManifest> {
  await keepLog(running);
  const streamed = await streamBase(running, directory);
  const server = await describeServer(running);
  const verified = await verifyBase(running, join(directory, baseFile));
  const base: BaseBackup = { ...readManifest(verified), ...server };
  const description = await writePart(directory, descriptionFile, `${JSON.stringify(base, null, 2)}\n`);
  if (!keepsEarlierLog) {
    await forgetLogBefore(running, segmentNameAt(base.from, base.timeline, base.segmentBytes));
  }
  return {
    ...manifestHeader(running),
    method: 'pg_basebackup, pg_verifybackup; the log is archived',
    consistentPoint: true,
    position: `lsn ${base.consistentAt}`,
    parts: [streamed, description],
  };
}

async function streamBase(running: RunningEngine, directory: string): Promise<BackupPart> {
  const { stream, written } = openPart(directory, baseFile);
  // Without the log in it: `pg_basebackup` waits then until the archive has what the backup itself needs.
  const options = ['--format=tar', '--wal-method=none', '--checkpoint=fast', '--manifest-checksums=SHA256'];
  const command = ['pg_basebackup', '--pgdata=-', ...options, '--compress=client-zstd'];
  const ended = await execInNode(firstNode(running), command, { user: 'postgres', outputTo: stream });
  const part = await written;
  if (ended.exitCode !== 0) throw baseFailed('pg_basebackup', ended);
  return part;
}

async function describeServer(
  running: RunningEngine,
): Promise<Pick<BaseBackup, 'history' | 'consistentTime' | 'segmentBytes' | 'sizeBytes'>> {
  await using opened = await openPrimary(running, { database: 'postgres' });
  const { rows } = await opened.client.query<{ time: Date; segment: string; size: string; history: string }>(
    `SELECT clock_timestamp() AS time, (SELECT system_identifier::text FROM pg_control_system()) AS history,
            (SELECT sum(pg_database_size(oid)) FROM pg_database) AS size,
            (SELECT setting FROM pg_settings WHERE name = 'wal_segment_size') AS segment`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the server does not describe itself');
  // The server's clock is finer than a `Date`: up to the next millisecond.
  const consistentTime = new Date(row.time.getTime() + 1).toISOString();
  const { history, segment, size } = row;
  return { history, consistentTime, segmentBytes: Number(segment), sizeBytes: Number(size) };
}

/** In a container of its own, which goes away with the unpacked files. Returns the manifest of `pg_basebackup`. */
async function verifyBase(running: RunningEngine, file: string): Promise<string> {
  const ended = await runOneOff({
    image: firstNode(running).image,
    entrypoint: ['bash', '-c'],
    command: [await verifyScript(), 'verify-base-backup', '/tmp/base-backup'],
    user: 'postgres',
    input: createReadStream(file),
    labels: { [labelNames.engine]: 'postgresql' },
  });
  if (ended.exitCode !== 0) throw baseFailed('pg_verifybackup', ended);
  return ended.output;
}

export function verifyScript(): Promise<string> {
  return readFile(join(import.meta.dirname, '..', '..', 'scripts', 'verify-base-backup.sh'), 'utf8');
}

function baseFailed(tool: string, { exitCode, errorOutput }: CommandResult): SandboxError {
  return new SandboxError({
    code: 'BACKUP_FAILED',
    engine: 'postgresql',
    message: `${tool} ended with exit code ${exitCode}.`,
    next: 'Its output is below. Back up again.',
    evidence: errorOutput.split('\n').slice(-20).join('\n'),
  });
}

/** PostgreSQL documentation, "Backup Manifest Format". */
function readManifest(text: string): Pick<BaseBackup, 'timeline' | 'from' | 'consistentAt'> {
  const manifest = JSON.parse(text) as {
    readonly 'WAL-Ranges': readonly {
      readonly Timeline: number;
      readonly 'Start-LSN': string;
      readonly 'End-LSN': string;
    }[];
  };
  const range = manifest['WAL-Ranges'].at(-1);
  if (range === undefined) throw new Error('the manifest of pg_basebackup names no log');
  return { timeline: range.Timeline, from: range['Start-LSN'], consistentAt: range['End-LSN'] };
}
