import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandResult, checked, runOneOff } from '../../containers/exec.ts';
import { labelNames } from '../../containers/labels.ts';
import { startNodeAgain, stopNode } from '../../containers/nodes.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { allSettled } from '../../core/side-by-side.ts';
import type { BackupManifest, RestoreNotes } from '../backup.ts';
import { backupRefused, totalBytes, verifyParts } from '../backup-files.ts';
import { foreign, requireSameImplementation, versionNumbers } from '../backup-versions.ts';
import { readFilesAsTar, releasedBy } from '../part-files.ts';
import { requirePassword, requireRoom, requireWritable, targetNotEmpty } from '../restore-target.ts';
import type { RunningEngine } from '../topology.ts';
import { untilAnswering } from '../until-answering.ts';
import { firstNode, openClient, probe } from './connection.ts';
import { functionLibraries, numbersOfKeys, otherUsers } from './fingerprint.ts';
import { keepOldMark } from './mark.ts';
import { openMasters } from './masters.ts';

export const dumpFile = 'dump.rdb';
export const usersFile = 'users.acl';

/** User of the server in the official image and in ours. */
const redisUser = '999';

/**
 * Makes the data ready in a container of its own while the node runs, then starts the node on it.
 * Taken is a dump of the same or an older major version whose RDB version the target reads: the server itself decides.
 * Otherwise `BACKUP_VERSION_FOREIGN` is thrown. Keys whose moment has come between backup and restore are not in the
 * restored store: they would be gone from the live one too. `notes` is told how many.
 */
export async function restore(
  target: RunningEngine,
  directory: string,
  manifest: BackupManifest,
  notes?: RestoreNotes,
): Promise<void> {
  await verifyParts(directory, manifest);
  requireSameImplementation(target, manifest);
  const [major] = versionNumbers(manifest.serverVersion);
  if (major > versionNumbers(target.serverVersion)[0])
    throw foreign(target, `it is of version ${manifest.serverVersion}`);
  const node = firstNode(target);
  const usable = allSettled([
    requirePassword(
      'redis',
      () => refuseIfUsed(target),
      (thrown) => /WRONGPASS|NOAUTH/.test(messageOf(thrown)),
    ),
    requireWritable(node, '/data', redisUser),
    // The dump and the append-only file that is made of it, and what an empty one takes.
    requireRoom(node, '/data', 2 * totalBytes(manifest) + 2 ** 20),
  ]);
  // What is wrong with the target is told first.
  const [, expired] = await allSettled([usable, stage(target, directory, usable)]);
  notes?.expired(expired);
  await stopNode(node);
  await startNodeAgain(node);
  await untilReady(target);
  await using masters = await openMasters(target);
  await keepOldMark(masters);
}

async function refuseIfUsed(target: RunningEngine): Promise<void> {
  await using client = await openClient(firstNode(target), target.secrets);
  const numbers = await numbersOfKeys(client);
  const keys = [...numbers.values()].reduce((total, number) => total + number, 0);
  if (keys > 0) throw targetNotEmpty('redis', `${keys} keys`);
  const libraries = await functionLibraries(client);
  if (libraries.length > 0) throw targetNotEmpty('redis', `${libraries.length} function libraries`);
  const users = await otherUsers(client);
  if (users.length > 0) throw targetNotEmpty('redis', `${users.length} users beside its own`);
}

/** Begins once the target is `usable`. Returns how many keys of the dump had expired. */
async function stage(target: RunningEngine, directory: string, usable: Promise<unknown>): Promise<number> {
  const node = firstNode(target);
  const staged = await runOneOff({
    image: node.image,
    entrypoint: ['/bin/sh', '-c'],
    command: [await readFile(join(import.meta.dirname, 'scripts', 'stage-restore.sh'), 'utf8')],
    binds: [`${node.volumeNames.data}:/data`],
    input: releasedBy(usable, readFilesAsTar(directory, [dumpFile, usersFile])),
    labels: { [labelNames.engine]: 'redis' },
  });
  refuseUnreadable(target, staged);
  const { output } = checked(staged, 'Loading the dump', 'redis');
  return Number(/^rdb_last_load_keys_expired:(\d+)/m.exec(output)?.[1] ?? 0);
}

/** Exit codes of `stage-restore.sh`. */
function refuseUnreadable(target: RunningEngine, { exitCode, errorOutput }: CommandResult): void {
  if (exitCode === 3 && /Can't handle RDB format version/.test(errorOutput)) {
    throw foreign(target, `${dumpFile} has a later format version than this server reads`, errorOutput);
  }
  if (exitCode === 3) {
    throw backupRefused('BACKUP_PART_UNREADABLE', 'redis', `the server refuses ${dumpFile}`, errorOutput);
  }
  if (exitCode === 4) {
    throw backupRefused('BACKUP_PART_UNREADABLE', 'redis', `the server refuses ${usersFile}`, errorOutput);
  }
}

async function untilReady(target: RunningEngine): Promise<void> {
  const node = firstNode(target);
  await untilAnswering(
    node,
    () => probe(node, target.secrets),
    (reason) =>
      new SandboxError({
        code: 'RESTORE_FAILED',
        engine: 'redis',
        message: `Redis does not answer after the restore: ${reason}.`,
        next: 'Restore into a fresh node again.',
      }),
  );
}
