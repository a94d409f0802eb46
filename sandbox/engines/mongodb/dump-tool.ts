import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { MongoClient } from 'mongodb';
import { type CommandOptions, type CommandResult, checked, execInNode } from '../../containers/exec.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import type { BackupManifest, BackupPart } from '../backup.ts';
import { backupRefused, openPart } from '../backup-files.ts';
import type { RunningEngine } from '../topology.ts';
import { firstNode, userName, withClient } from './connection.ts';

const archiveFile = 'mongodb.archive.gz';

/** First four bytes of an archive and the last four, little-endian (mongo-tools, `common/archive`). */
const archiveMagic = Buffer.from([0x6d, 0xe2, 0x99, 0x81]);
const archiveEnd = Buffer.from([0xff, 0xff, 0xff, 0xff]);

/** `mongodump --oplog --gzip --archive`: everything, users and roles too, as it was when the dump ended. */
export async function dumpByTool(running: RunningEngine, directory: string): Promise<BackupManifest> {
  const archive = await writeArchive(running, directory);
  const { operationTime } = await withClient(running, (_, client) => client.db('admin').command({ ping: 1 }));
  return {
    formatVersion: 1,
    engine: 'mongodb',
    serverVersion: running.serverVersion,
    origin: running.image.origin,
    method: 'mongodump --oplog --gzip --archive',
    consistentPoint: true,
    position: `before operation time ${operationTime}`,
    parts: [archive],
  };
}

async function writeArchive(running: RunningEngine, directory: string): Promise<BackupPart> {
  const { stream, written } = openPart(directory, archiveFile);
  const dumped = await runScript(running, 'dump.sh', [], { outputTo: stream });
  const archive = await written;
  checked(dumped, 'mongodump', 'mongodb');
  return archive;
}

/** Reads the archive to its end: gzip's own checksum, and the bytes that begin and end it. */
export async function readArchive(directory: string): Promise<void> {
  let start = Buffer.alloc(0);
  let end = Buffer.alloc(0);
  try {
    await pipeline(createReadStream(join(directory, archiveFile)), createGunzip(), async (chunks) => {
      for await (const chunk of chunks as AsyncIterable<Buffer>) {
        if (start.length < 4) start = Buffer.concat([start, chunk.subarray(0, 4 - start.length)]);
        end = Buffer.concat([end, chunk.subarray(-4)]).subarray(-4);
      }
    });
  } catch (thrown) {
    throw backupRefused('BACKUP_PART_UNREADABLE', 'mongodb', `${archiveFile} is no whole archive`, messageOf(thrown));
  }
  if (start.equals(archiveMagic) && end.equals(archiveEnd)) return;
  throw backupRefused('BACKUP_PART_UNREADABLE', 'mongodb', `${archiveFile} is no archive of mongodump`);
}

/**
 * `mongorestore --oplogReplay --drop --stopOnError`. Users and roles become those of the backup, the stack's own user
 * among them; its password is set to the target's again by the server's internal user, whose password is the key file
 * (MongoDB documentation, "Internal/Membership Authentication").
 */
export async function restoreByTool(target: RunningEngine, directory: string): Promise<void> {
  await runRestore(target, directory, ['--oplogReplay']).catch(async (thrown) => {
    // Users may have been restored by then; what went wrong first is what is told.
    await giveOwnPasswordAgain(target).catch(() => {});
    throw thrown;
  });
  await giveOwnPasswordAgain(target);
}

/** Without the oplog, which holds other databases too: the copy is not from one moment where it was written to. */
export async function restoreBesideByTool(running: RunningEngine, directory: string, from: string, to: string) {
  const names = [`--nsInclude=${from}.*`, `--nsFrom=${from}.*`, `--nsTo=${to}.*`];
  await runRestore(running, directory, names);
}

async function runRestore(target: RunningEngine, directory: string, options: readonly string[]): Promise<void> {
  const result = await runScript(target, 'restore.sh', options, {
    input: createReadStream(join(directory, archiveFile)),
  });
  requireNothingFailed(result);
}

/** mongorestore goes past duplicate keys and validation errors and ends with 0: its last line tells how many. */
export function requireNothingFailed({ exitCode, output, errorOutput }: CommandResult): void {
  const text = `${errorOutput}\n${output}`;
  const failed = /(\d+) document\(s\) failed to restore/.exec(text)?.[1];
  if (exitCode === 0 && failed === '0') return;
  throw new SandboxError({
    code: 'RESTORE_FAILED',
    engine: 'mongodb',
    message: `mongorestore ended with exit code ${exitCode}, and ${failed ?? 'an unknown number of'} documents failed.`,
    next: 'Restore into a fresh node.',
    evidence: text.trim().split('\n').slice(-30).join('\n'),
  });
}

async function giveOwnPasswordAgain(target: RunningEngine): Promise<void> {
  const { host, port } = firstNode(target);
  await using client = new MongoClient(`mongodb://${host}:${port}/?directConnection=true`, {
    auth: { username: '__system', password: (target.secrets.keyFile ?? '').replace(/\s/g, '') },
    authSource: 'local',
  });
  await client.db('admin').command({ updateUser: userName, pwd: target.secrets.root });
}

async function runScript(
  running: RunningEngine,
  script: string,
  args: readonly string[],
  options: Pick<CommandOptions, 'input' | 'outputTo'>,
): Promise<CommandResult> {
  const text = await readFile(join(import.meta.dirname, 'scripts', script), 'utf8');
  return execInNode(firstNode(running), ['sh', '-c', text, script, ...args], {
    ...options,
    environment: { MONGO_USER: userName, MONGO_PASSWORD: running.secrets.root ?? '' },
  });
}
