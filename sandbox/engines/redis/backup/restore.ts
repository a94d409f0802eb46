import { startNodeAgain, stopNode } from '../../../containers/nodes/nodes.ts';
import { messageOf, SandboxError } from '../../../core/errors.ts';
import { allSettled } from '../../../core/run-concurrently.ts';
import type { BackupManifest, RestoreRun } from '../../contract/backup.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { totalBytes, verifyParts } from '../../shared/backup/backup-files.ts';
import { foreign, requireSameImplementation, versionNumbers } from '../../shared/backup/backup-versions.ts';
import { requirePassword, requireRoom, requireWritable, targetNotEmpty } from '../../shared/backup/restore-target.ts';
import { untilAnswering } from '../../shared/server/until-answering.ts';
import { keepOldMark } from '../data/mark.ts';
import { openClient, probe } from '../server/connection.ts';
import { type Master, mastersOf, openMasters } from '../server/masters.ts';
import { numbersOfKeys } from '../server/numbers-of-keys.ts';
import { form } from '../server/topologies-clustered.ts';
import { untilConverged } from '../server/topologies-replicated.ts';
import { aclFile } from './acl-file.ts';
import { dumpsFor, readDumps } from './dumps.ts';
import { functionLibraries } from './fingerprint.ts';
import { requireAtRest } from './slots-at-rest.ts';
import { stageMaster, stageUsers } from './stage.ts';
import { readUsers, userLines } from './users.ts';

/** User of the server in the official image and in ours. */
const redisUser = '999';

/**
 * Makes the data of every master ready in a container of its own while the nodes run, then starts the nodes on it.
 * A backup of any layout goes into any: each master keeps the keys of its slots.
 * Taken is a dump of the same or an older major version whose RDB version the target reads: the server itself decides.
 * Otherwise `BACKUP_VERSION_FOREIGN` is thrown. Keys whose moment has come between backup and restore are not in the
 * restored store: they would be gone from the live one too. `expired` is told how many.
 */
export async function restore(
  target: RunningEngine,
  directory: string,
  manifest: BackupManifest,
  { signal, expired }: RestoreRun = {},
): Promise<void> {
  await verifyParts(directory, manifest);
  requireSameImplementation(target, manifest);
  const [major] = versionNumbers(manifest.serverVersion);
  if (!(major <= versionNumbers(target.serverVersion)[0]))
    throw foreign(target, `it is of version ${manifest.serverVersion}`);
  const [dumps, archivedUsers] = await Promise.all([readDumps(directory, manifest), readUsers(directory, manifest)]);
  const users = aclFile(archivedUsers);
  const masters = await requirePassword('redis', () => mastersOf(target), isWrongPassword);
  if (target.topology === 'clustered') await requireAtRest(target, 'RESTORE_FAILED');
  // What is wrong with the target is told first.
  const usable = requireUsable(target, masters, manifest);
  const wanted = dumpsFor(masters, dumps);
  const staged = wanted.map(({ paths, exact }, index) =>
    stageMaster({
      target,
      master: masters[index] as Master,
      directory,
      dumps: paths,
      exact,
      users,
      usable,
      ...(signal === undefined ? {} : { signal }),
    }),
  );
  const [, ...expiredCounts] = await allSettled([usable, ...staged]);
  // Masters that read all dumps each count the same keys.
  const isOwn = wanted.every(({ exact }) => exact);
  expired?.(isOwn ? expiredCounts.reduce((sum, count) => sum + count, 0) : Math.max(...expiredCounts));
  const followers = target.nodes.filter((node) => !masters.some((master) => master.node === node));
  await Promise.all(followers.map((node) => stageUsers(node, users)));
  signal?.throwIfAborted();
  await startOnRestored(target, masters);
  await using opened = await openMasters(target);
  await keepOldMark(opened);
}

async function requireUsable(
  target: RunningEngine,
  masters: readonly Master[],
  manifest: BackupManifest,
): Promise<void> {
  await allSettled(
    masters.flatMap(({ node }) => [
      requirePassword('redis', () => refuseIfUsed(target, node), isWrongPassword),
      requireWritable(node, '/data', redisUser),
      // The dumps and the append-only file that is made of them, and what an empty one takes.
      requireRoom(node, '/data', 2 * totalBytes(manifest) + 2 ** 20),
    ]),
  );
}

const isWrongPassword = (thrown: unknown) =>
  /WRONGPASS|NOAUTH/.test(`${messageOf(thrown)} ${thrown instanceof SandboxError ? thrown.evidence : ''}`);

async function refuseIfUsed({ secrets }: RunningEngine, node: Master['node']): Promise<void> {
  await using client = await openClient(node, secrets);
  const numbers = await numbersOfKeys(client);
  const keys = [...numbers.values()].reduce((total, number) => total + number, 0);
  if (keys > 0) throw targetNotEmpty('redis', `${keys} keys`);
  const libraries = await functionLibraries(client);
  if (libraries.length > 0) throw targetNotEmpty('redis', `${libraries.length} function libraries`);
  const users = await userLines(client);
  if (users.length > 0) throw targetNotEmpty('redis', `${users.length} users beside its own`);
}

/**
 * Followers stop before their masters and start after them: one that is left alone for longer than the time after which
 * its master counts as gone would be promoted, empty as it is.
 */
async function startOnRestored(target: RunningEngine, masters: readonly Master[]): Promise<void> {
  const nodes = masters.map(({ node }) => node);
  const followers = target.nodes.filter((node) => !nodes.includes(node));
  await Promise.all(followers.map(stopNode));
  await Promise.all(nodes.map(stopNode));
  await Promise.all(nodes.map(startNodeAgain));
  await Promise.all(nodes.map((node) => untilReady(target, node)));
  await Promise.all(followers.map(startNodeAgain));
  await Promise.all(followers.map((node) => untilReady(target, node)));
  if (target.topology === 'clustered') await form(target);
  if (target.topology === 'replicated') await untilConverged(target);
}

async function untilReady(target: RunningEngine, node: Master['node']): Promise<void> {
  await untilAnswering(
    node,
    () => probe(node, target.secrets),
    (reason) =>
      new SandboxError({
        code: 'RESTORE_FAILED',
        engine: 'redis',
        message: `${node.name} does not answer after the restore: ${reason}.`,
        next: 'Restore into a fresh node again.',
      }),
  );
}
