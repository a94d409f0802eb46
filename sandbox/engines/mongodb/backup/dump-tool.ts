import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { afterSecret, type CommandResult, checked, execInNode } from '../../../containers/runtime/exec.ts';
import { deadlineMs } from '../../../core/deadlines.ts';
import { SandboxError } from '../../../core/errors.ts';
import type { BackupManifest } from '../../contract/backup.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { openPart } from '../../shared/backup/backup-files.ts';
import { manifestHeader } from '../../shared/backup/manifest-header.ts';
import { readSharding, restoreSharding, shardingFile, writeSharding } from '../schema/sharding.ts';
import { openAsServer, toolHost, userName, withClient } from '../server/connection.ts';
import { type DumpArchive, dumpFile } from './dump-archive.ts';

/** What the engine's tools may take: as long as a dump or a restore of `large` on a slow disk, several times over. */
const toolDeadline = 'indexesBuilt';

/**
 * `mongodump --oplog --archive`: everything, users and roles too, as it was when the dump ended. Through a router there
 * is no oplog ("can't use --oplog option when dumping from a mongos"): each collection is read at a moment of its own.
 */
export async function dumpByTool(running: RunningEngine, directory: string): Promise<BackupManifest> {
  const isCluster = running.topology === 'clustered';
  const options = isCluster ? [] : ['--oplog'];
  const { stream, written } = openPart(directory, dumpFile);
  await dumpTo(running, stream, options);
  const archive = await written;
  const { operationTime } = await withClient(running, (_, client) => client.db('admin').command({ ping: 1 }));
  return {
    ...manifestHeader(running),
    method: ['mongodump', ...options, '--archive', ...(isCluster ? ['through a router, and the shard keys'] : [])].join(
      ' ',
    ),
    consistentPoint: isCluster
      ? { no: 'through a router mongodump has no oplog: each collection is read at a moment of its own' }
      : true,
    position: `before operation time ${operationTime}`,
    parts: [archive, ...(isCluster ? [await writeSharding(running, directory)] : [])],
  };
}

/** The archive as the tool writes it. */
export async function dumpTo(
  running: RunningEngine,
  outputTo: Writable,
  options: readonly string[] = [],
): Promise<void> {
  checked(await runScript(running, 'dump.sh', options, { outputTo }), 'mongodump', 'mongodb');
}

/**
 * `mongorestore --drop --stopOnError`, with `--oplogReplay` where there is an oplog. Users and roles become those of the
 * backup, the stack's own user among them; its password is set to the target's again by the server's internal user, whose
 * password is the key file (MongoDB documentation, "Internal/Membership Authentication").
 * What a router's dump has of the database `config` describes the cluster it is of, and stays out ("cannot do a full
 * restore on a sharded system"); shard keys come back from a part of their own, where the target has shards.
 */
export async function restoreByTool(
  target: RunningEngine,
  directory: string,
  manifest: BackupManifest,
  archive: DumpArchive,
): Promise<void> {
  const isOfCluster = manifest.parts.some(({ path }) => path === shardingFile);
  const isCluster = target.topology === 'clustered';
  const sharding = isOfCluster ? await readSharding(directory, manifest) : [];
  const options = isOfCluster || isCluster ? ['--nsExclude=config.*'] : ['--oplogReplay'];
  await restoreFrom(target, archive, options);
  if (isCluster) await withClient(target, (_, client) => restoreSharding(client, sharding));
}

/** The archive as the tool reads it, and then the stack's own password. */
export async function restoreFrom(
  target: RunningEngine,
  archive: Pick<DumpArchive, 'file' | 'isCompressed'>,
  options: readonly string[] = [],
): Promise<void> {
  await runRestore(target, archive, options).catch(async (thrown) => {
    // Users may have been restored by then; what went wrong first is what is told.
    await giveOwnPasswordAgain(target).catch(() => {});
    throw thrown;
  });
  await giveOwnPasswordAgain(target);
}

/** Without the oplog, which takes no names of its own: the copy is not from one moment where it was written to. */
export async function restoreBesideByTool(
  running: RunningEngine,
  archive: DumpArchive,
  names: ReadonlyMap<string, string>,
): Promise<void> {
  const options = [...names].flatMap(([from, to]) => [
    `--nsInclude=${pattern(from)}.*`,
    `--nsFrom=${pattern(from)}.*`,
    `--nsTo=${pattern(to)}.*`,
  ]);
  if (names.size > 0) await runRestore(running, archive, options);
}

/** A name where mongorestore takes a pattern (mongo-tools, `mongorestore/ns`, `Escape`). */
function pattern(name: string): string {
  return name.replace(/[\\*]/g, '\\$&');
}

async function runRestore(
  target: RunningEngine,
  { file, isCompressed }: Pick<DumpArchive, 'file' | 'isCompressed'>,
  options: readonly string[],
): Promise<void> {
  const all = [...(isCompressed ? ['--gzip'] : []), ...options];
  requireNothingFailed(await runScript(target, 'restore.sh', all, { input: createReadStream(file) }));
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
  await using client = await openAsServer(target);
  await client.db('admin').command({ updateUser: userName, pwd: target.secrets.root });
}

/** In the first node, against the member that takes writes, whichever that is. */
async function runScript(
  running: RunningEngine,
  script: string,
  args: readonly string[],
  { input, ...options }: { readonly input?: Readable; readonly outputTo?: Writable },
): Promise<CommandResult> {
  const text = await readFile(join(import.meta.dirname, '..', 'scripts', script), 'utf8');
  return execInNode(firstNode(running), ['sh', '-c', text, script, ...args], {
    ...options,
    input: afterSecret(running.secrets.root, input),
    timeoutMs: deadlineMs(toolDeadline),
    environment: { MONGO_HOST: toolHost(running), MONGO_USER: userName },
  });
}
