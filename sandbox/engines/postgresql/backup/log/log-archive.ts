import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import type { NodeHandle } from '../../../../containers/nodes/node-spec.ts';
import { takesCommands } from '../../../../containers/nodes/nodes.ts';
import {
  type CommandOptions,
  type CommandResult,
  checked,
  execInNode,
  runOneOff,
} from '../../../../containers/runtime/exec.ts';
import { labelNames } from '../../../../containers/runtime/labels.ts';
import { deadlineMs } from '../../../../core/deadlines.ts';
import { SandboxError } from '../../../../core/errors.ts';
import { poll } from '../../../../core/poll.ts';
import { allSettled } from '../../../../core/run-concurrently.ts';
import type { BackupManifest, BackupPart } from '../../../contract/backup.ts';
import { firstNode, type RunningEngine } from '../../../contract/topology.ts';
import { openPart, writePart } from '../../../shared/backup/backup-files.ts';
import { type OpenClient, openPrimary } from '../../server/connection.ts';
import { readBaseBackup } from './base-description.ts';
import { logFolder, type Mark, marksFile } from './log-marks.ts';
import { bytesOf, isLogFile } from './write-ahead-log.ts';

/** Folder of the volume that the server's log is kept in. */
export const archiveDirectory = '/var/lib/postgresql/archive';

const marksPath = `${archiveDirectory}/marks.jsonl`;

/** From now on the server keeps its log: see scripts/archive-segment.sh. So does a standby that takes over from it. */
export async function keepLog(running: RunningEngine): Promise<void> {
  await using opened = await openPrimary(running, { database: 'postgres' });
  const { rows } = await opened.client.query<{ id: string }>(
    'SELECT system_identifier::text AS id FROM pg_control_system()',
  );
  // A new volume belongs to root. The file says whose log it is: a dead server cannot be asked.
  const on = `chown postgres:postgres ${archiveDirectory} && echo ${rows[0]?.id} >${archiveDirectory}/on`;
  await inEveryArchive(running, ['sh', '-c', on], 'keeping the log');
}

/** As root, in the archive of each node: a dead one's may be that of the next primary. */
export async function inEveryArchive(running: RunningEngine, command: readonly string[], what: string): Promise<void> {
  const up = await runningNodes(running);
  await allSettled(
    running.nodes.map(async (node) => {
      const options = { user: 'root' };
      const ended = await (up.includes(node) ? execInNode(node, command, options) : beside(node, command, options));
      checked(ended, what, 'postgresql');
    }),
  );
}

/** Nodes that run now, and are not paused. */
export async function runningNodes({ nodes }: RunningEngine): Promise<readonly NodeHandle[]> {
  const up = await Promise.all(nodes.map(takesCommands));
  return nodes.filter((_, index) => up[index]);
}

/** What an older backup would need is not kept any longer. */
export async function forgetLogBefore(running: RunningEngine, segment: string): Promise<void> {
  const command = ['pg_archivecleanup', archiveDirectory, segment];
  checked(await execInNode(firstNode(running), command, { user: 'postgres' }), 'pg_archivecleanup', 'postgresql');
}

/** Names the present moment, or only notes it, and waits until the log up to it is kept. */
export async function addMark(running: RunningEngine, name: string | undefined): Promise<Mark> {
  await using opened = await openPrimary(running, { database: 'postgres' });
  if (!(await isThere(opened, `${archiveDirectory}/on`))) throw noBackupYet();
  const { rows } = await opened.client.query<{ time: string }>(
    `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS time`,
  );
  if (name !== undefined) await opened.client.query('SELECT pg_create_restore_point($1)', [name]);
  // A restore up to a time ends at the first commit after it: here is one.
  await opened.client.query('SELECT pg_current_xact_id()');
  const ended = await opened.client.query<{ lsn: string; segment: string; timeline: number }>(
    `SELECT lsn, pg_walfile_name(lsn) AS segment, ('x' || left(pg_walfile_name(lsn), 8))::bit(32)::int AS timeline
     FROM pg_current_wal_insert_lsn() AS lsn`,
  );
  await opened.client.query('SELECT pg_switch_wal()');
  const [end] = ended.rows;
  if (end === undefined || rows[0] === undefined) throw new Error('the server does not say where its log stands');
  await untilKept(opened, end.segment);
  const mark: Mark = { name: name ?? null, time: rows[0].time, position: end.lsn, timeline: end.timeline };
  const command = ['sh', '-c', `cat >>${marksPath}`];
  const options = { user: 'postgres', input: `${JSON.stringify(mark)}\n` };
  checked(await execInNode(firstNode(running), command, options), 'noting the mark', 'postgresql');
  return mark;
}

async function isThere({ client }: OpenClient, path: string): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>('SELECT (pg_stat_file($1, true)).size IS NOT NULL AS there', [
    path,
  ]);
  return rows[0]?.there ?? false;
}

async function untilKept(opened: OpenClient, segment: string): Promise<void> {
  await poll(() => isThere(opened, `${archiveDirectory}/${segment}`), {
    timeoutMs: deadlineMs('statement'),
    onTimeout: () =>
      new SandboxError({
        code: 'BACKUP_FAILED',
        engine: 'postgresql',
        message: `The server does not archive the segment ${segment} of its log.`,
        next: '`npm run sandbox -- logs postgresql` shows what its archive_command says.',
      }),
  });
}

function noBackupYet(): SandboxError {
  return new SandboxError({
    code: 'BACKUP_FAILED',
    engine: 'postgresql',
    message: 'The server does not keep its log: there is no physical backup that it would continue.',
    next: 'Take one first.',
  });
}

/** Prints the marks of a node's archive, for {@link parseMarks}. */
export const readMarksCommand = `if [ -e ${marksPath} ]; then cat ${marksPath}; fi`;

export function parseMarks(text: string): readonly Mark[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Mark);
}

/** Copies what is kept since the backup into its folder. A dead node's volume is read in a container of its own. */
export async function collectLog(
  running: RunningEngine,
  directory: string,
  manifest: BackupManifest,
): Promise<BackupManifest> {
  const base = await readBaseBackup(directory, manifest);
  const alive = await takesCommands(firstNode(running));
  if (alive) await addMark(running, undefined);
  const node = firstNode(running);
  const { output } = checked(await inArchive(node, alive, ['ls', '-1', archiveDirectory]), 'ls', 'postgresql');
  const files = output.split('\n').filter(isLogFile);
  await rm(join(directory, logFolder), { recursive: true, force: true });
  await mkdir(join(directory, logFolder));
  const log = await copyFiles(directory, files, (outputTo) => packFiles(node, alive, files, outputTo));

  const kept = await inArchive(node, alive, ['sh', '-c', readMarksCommand]);
  const marks = parseMarks(checked(kept, 'reading the marks', 'postgresql').output).filter(
    ({ position }) => bytesOf(position) >= bytesOf(base.consistentAt),
  );
  const marked = await writePart(directory, marksFile, `${JSON.stringify(marks, null, 2)}\n`);
  const others = manifest.parts.filter(({ path }) => path !== marksFile && !path.startsWith(`${logFolder}/`));
  return {
    ...manifest,
    position: `lsn ${marks.at(-1)?.position ?? base.consistentAt}`,
    parts: [...others, marked, ...log],
  };
}

/** Writes files of the node's archive as a tar file. */
export async function packFiles(
  node: NodeHandle,
  alive: boolean,
  files: readonly string[],
  outputTo: Writable,
): Promise<void> {
  const command = ['tar', '--create', `--directory=${archiveDirectory}`, ...files];
  checked(await inArchive(node, alive, command, { outputTo }), 'tar', 'postgresql');
}

async function copyFiles(
  directory: string,
  files: readonly string[],
  packInto: (stream: Writable) => Promise<void>,
): Promise<readonly BackupPart[]> {
  const made: BackupPart[] = [];
  await takeFiles(files, packInto, async (name, content) => {
    const { stream, written } = openPart(directory, `${logFolder}/${name}`);
    await pipeline(content, stream);
    made.push(await written);
  });
  return made;
}

/** Gives files of the log that a node packs to `take`, one after the other. */
export async function takeFiles(
  files: readonly string[],
  packInto: (stream: Writable) => Promise<void>,
  take: (name: string, content: Readable) => Promise<void>,
): Promise<void> {
  if (files.length === 0) return;
  const packed = new PassThrough();
  const unpacked = extract();
  // Its own kind of stream, which Node's `pipe` takes all the same.
  packed.pipe(unpacked as unknown as Writable);
  const taken = (async () => {
    for await (const entry of unpacked) {
      const { name } = entry.header;
      if (!files.includes(name)) throw new Error(`the archive sent ${name}, which was not asked for`);
      await take(name, entry as unknown as Readable);
    }
  })();
  taken.catch(() => {});
  await packInto(packed);
  await taken;
}

/** Runs a command where the node's archive is: a dead node's volume is read in a container of its own. */
export function inArchive(
  node: NodeHandle,
  alive: boolean,
  command: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  if (alive) return execInNode(node, command, { user: 'postgres', ...options });
  return beside(node, command, options, ':ro');
}

/** Runs a command with a node's archive, in a container of its own. */
function beside(
  node: NodeHandle,
  [entrypoint = '', ...rest]: readonly string[],
  options: CommandOptions,
  access: '' | ':ro' = '',
): Promise<CommandResult> {
  return runOneOff({
    image: node.image,
    entrypoint: [entrypoint],
    command: rest,
    binds: [`${node.volumeNames.archive}:${archiveDirectory}${access}`],
    labels: { [labelNames.engine]: 'postgresql' },
    ...options,
  });
}
