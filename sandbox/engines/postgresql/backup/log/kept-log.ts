import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import type { NodeHandle } from '../../../../containers/nodes/node-spec.ts';
import { takesCommands } from '../../../../containers/nodes/nodes.ts';
import { checked, execInNode } from '../../../../containers/runtime/exec.ts';
import type { BackupManifest, BackupPart, BaseDescription, KeptLog, MomentRange } from '../../../contract/backup.ts';
import { firstNode, type RunningEngine } from '../../../contract/topology.ts';
import { backupRefused, openPart, writePart } from '../../../shared/backup/backup-files.ts';
import { isInRecovery } from '../../failover/replication.ts';
import { openPrimary } from '../../server/connection.ts';
import { type BaseBackup, isBaseBackup, readBaseBackup } from './base-description.ts';
import { openHistory, removeOldest, removeUnneeded } from './kept-log-files.ts';
import {
  addMark,
  archiveDirectory,
  inArchive,
  inEveryArchive,
  packFiles,
  parseMarks,
  readMarksCommand,
  runningNodes,
  takeFiles,
} from './log-archive.ts';
import { logFolder, type Mark, marksFile, missingFiles } from './log-marks.ts';
import { bytesOf, isLogFile, type LogPosition, segmentOf } from './write-ahead-log.ts';

/** The write-ahead log, compressed, in a folder for each system identifier. */
export const keptLog: KeptLog = { take, reach, copyInto, forget: removeUnneeded, stop };

async function take(running: RunningEngine, folder: string, sizeBytesMax: number): Promise<void> {
  if ((await readLive(running)) !== undefined) await addMark(running, undefined);
  // Members that took over from each other have a part of it each.
  for (const node of running.nodes) await takeFromNode(node, folder);
  await removeOldest(folder, sizeBytesMax);
}

async function takeFromNode(node: NodeHandle, folder: string): Promise<void> {
  const alive = await takesCommands(node);
  const ask = async (command: string) =>
    checked(await inArchive(node, alive, ['sh', '-c', command]), 'looking at the log', 'postgresql').output;
  // See `keepLog`: the file names whose log it is.
  const history = (await ask(`cd ${archiveDirectory} && if [ -e on ]; then cat on; fi`)).trim();
  if (!/^\d+$/.test(history)) return;
  const files = (await ask(`ls -1 ${archiveDirectory}`)).split('\n').filter(isLogFile);
  const kept = await openHistory(folder, history);
  const known = new Set(await kept.files());
  const fresh = files.filter((name) => !known.has(name));
  await takeFiles(fresh, (outputTo: Writable) => packFiles(node, alive, fresh, outputTo), kept.add);
  await kept.addMarks(parseMarks(await ask(readMarksCommand)));
  if (!alive || files.length === 0) return;
  const gone = ['rm', '-f', ...files.map((name) => `${archiveDirectory}/${name}`)];
  checked(await execInNode(node, gone, { user: 'postgres' }), 'removing what was copied', 'postgresql');
}

async function reach(
  bases: readonly BaseDescription[],
  folder: string,
  running?: RunningEngine,
): Promise<readonly (MomentRange | undefined)[]> {
  // One that gives no answer, as while it starts, leads where the log leads that was taken.
  const live = running === undefined ? undefined : await readLive(running).catch(() => undefined);
  return Promise.all((bases as readonly unknown[]).map((base) => reachOf(base, folder, live)));
}

async function reachOf(base: unknown, folder: string, live: Live | undefined): Promise<MomentRange | undefined> {
  if (!isBaseBackup(base) || base.history === undefined) return undefined;
  const kept = await openHistory(folder, base.history);
  const [own, marks] = await Promise.all([kept.files(), kept.marks()]);
  const from = new Date(base.consistentTime);
  if (live !== undefined && live.history === base.history && isAfter(base, live)) {
    if (missingFiles(base, live, [...own, ...live.files]).length === 0) return { from, to: live.time, isOpen: true };
  }
  const last = marks.findLast((mark) => isMarkOf(base, mark) && missingFiles(base, mark, own).length === 0);
  return last === undefined ? undefined : { from, to: new Date(last.time), isOpen: false };
}

const isMarkOf = (base: BaseBackup, mark: Mark) =>
  bytesOf(mark.position) >= bytesOf(base.consistentAt) && new Date(mark.time) >= new Date(base.consistentTime);

const isAfter = ({ consistentAt }: BaseBackup, { position }: Live) => bytesOf(position) >= bytesOf(consistentAt);

/** A server that keeps its log. */
interface Live {
  readonly history: string;
  readonly time: Date;
  /** Everything before it can be in the archive. */
  readonly position: LogPosition;
  readonly timeline: number;
  readonly files: readonly string[];
}

async function readLive(running: RunningEngine): Promise<Live | undefined> {
  const nodes = await runningNodes(running);
  if (!nodes.includes(firstNode(running))) return undefined;
  await using opened = await openPrimary(running, { database: 'postgres' });
  // Nobody takes writes: the first is a standby, which writes no log of its own.
  if (await isInRecovery(opened)) return undefined;
  const { rows } = await opened.client.query<{
    history: string;
    time: Date;
    position: string;
    timeline: number;
    on: boolean;
  }>(
    `SELECT (SELECT system_identifier::text FROM pg_control_system()) AS history, clock_timestamp() AS time,
            '0/0'::pg_lsn + trunc((pg_current_wal_lsn() - '0/0') / size) * size AS position,
            ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int AS timeline,
            (pg_stat_file($1, true)).size IS NOT NULL AS on
     FROM (SELECT setting::numeric AS size FROM pg_settings WHERE name = 'wal_segment_size')`,
    [`${archiveDirectory}/on`],
  );
  const [row] = rows;
  if (row === undefined || !row.on) return undefined;
  const listed = await Promise.all(
    nodes.map(async (node) =>
      checked(await inArchive(node, true, ['ls', '-1', archiveDirectory]), 'ls', 'postgresql').output.split('\n'),
    ),
  );
  return { ...row, files: listed.flat().filter(isLogFile) };
}

async function copyInto(
  directory: string,
  manifest: BackupManifest,
  folder: string,
  time: Date,
): Promise<BackupManifest> {
  const base = await readBaseBackup(directory, manifest);
  const kept = await openHistory(folder, base.history ?? '0');
  const mark = (await kept.marks()).find((each) => isMarkOf(base, each) && new Date(each.time) >= time);
  if (mark === undefined) {
    throw backupRefused('BACKUP_LOG_MISSING', 'postgresql', `the kept log does not lead to ${time.toISOString()}`);
  }
  const isNeeded = (name: string) => {
    if (name.endsWith('.history')) return true;
    const { timeline, number } = segmentOf(name, base.segmentBytes);
    const first = bytesOf(base.from) / BigInt(base.segmentBytes);
    const last = (bytesOf(mark.position) - 1n) / BigInt(base.segmentBytes);
    return number >= first && number <= last && timeline >= base.timeline && timeline <= mark.timeline;
  };
  await mkdir(join(directory, logFolder), { mode: 0o700 });
  const log: BackupPart[] = [];
  for (const name of (await kept.files()).filter(isNeeded)) {
    const { stream, written } = openPart(directory, `${logFolder}/${name}`);
    await kept.copyTo(name, stream);
    log.push(await written);
  }
  const marked = await writePart(directory, marksFile, `${JSON.stringify([mark], null, 2)}\n`);
  return { ...manifest, parts: [...manifest.parts, marked, ...log] };
}

async function stop(running: RunningEngine): Promise<void> {
  await inEveryArchive(running, ['find', archiveDirectory, '-mindepth', '1', '-delete'], 'keeping no log');
}
