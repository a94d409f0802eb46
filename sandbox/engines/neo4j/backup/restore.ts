import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Driver, EagerResult } from 'neo4j-driver';
import { type CommandResult, checked, runOneOff } from '../../../containers/runtime/exec.ts';
import { labelNames } from '../../../containers/runtime/labels.ts';
import { allSettled } from '../../../core/run-concurrently.ts';
import type { BackupManifest, UnstartedEngine } from '../../contract/backup.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { backupRefused, totalBytes, verifyParts } from '../../shared/backup/backup-files.ts';
import {
  foreign,
  isSameOrNewer,
  type RestoreTarget,
  requireSameImplementation,
  versionNumbers,
} from '../../shared/backup/backup-versions.ts';
import { jsonShape, readJsonPart } from '../../shared/backup/json-part.ts';
import { readFilesAsTar, releasedBy } from '../../shared/backup/part-files.ts';
import {
  requirePassword,
  requireRoom,
  requireWritable,
  targetNotEmpty,
  targetRefused,
} from '../../shared/backup/restore-target.ts';
import { userName, withDriver } from '../server/connection.ts';
import { whileStopped } from '../server/offline.ts';
import { authFile, settings } from '../server/topologies.ts';
import { readUsers, type User } from './fingerprint.ts';

export const dumpFiles = ['neo4j.dump', 'system.dump'] as const;
export const usersFile = 'users.json';

/** User of the server in the official image and in ours. */
const neo4jUser = '7474';

/** A dump is compressed to about a sixth; what is loaded lies beside the live data until the node starts. */
const roomFactor = 8;

/** The oldest release whose dumps `load` takes as they are; older ones need `neo4j-admin database migrate`. */
const oldestMajor = 5;

/**
 * Loads the dumps in a container of its own while the node runs, then starts the node on them.
 * Taken is a dump of the same version or an older one from 5 on: newer servers read older stores (Neo4j Operations
 * Manual, "Restore a database dump"), older servers refuse newer ones.
 * `system` is loaded where the backup has other users than the stack's own; that one keeps the target's password.
 * `neo4j-admin database check` is left out: it took 5.7 s where the load itself took 2.2 s; that the server comes up on
 * the data and gives the same fingerprint is what shows it whole.
 */
export async function restore(target: RunningEngine, directory: string, manifest: BackupManifest): Promise<void> {
  const databases = await requireWhole(target, directory, manifest);
  if (!isSameOrNewer(target.serverVersion, manifest.serverVersion)) throw ofVersion(target, manifest);
  const node = firstNode(target);
  const usable = allSettled([
    requirePassword(
      'neo4j',
      () => withDriver(target, refuseIfUsed),
      (thrown) => (thrown as { code?: unknown }).code === 'Neo.ClientError.Security.Unauthorized',
    ),
    requireWritable(node, '/data', neo4jUser),
    requireRoom(node, '/data', totalBytes(manifest) * roomFactor),
  ]);
  const dumps = { directory, databases, dumped: manifest.serverVersion };
  // What is wrong with the target is told first.
  await allSettled([usable, stage({ ...target, volumeNames: node.volumeNames }, dumps, usable)]);
  await whileStopped(target, async () => {});
}

/** Loads the dumps into the volume of a node that was never started: two starts of a server less than `restore` takes. */
export async function restoreUnstarted(
  target: UnstartedEngine,
  directory: string,
  manifest: BackupManifest,
): Promise<void> {
  const databases = await requireWhole(target, directory, manifest);
  await stage(target, { directory, databases, dumped: manifest.serverVersion });
}

/** Refuses what is no backup that such a server takes. Returns the databases to load. */
export async function requireWhole(
  target: RestoreTarget,
  directory: string,
  manifest: BackupManifest,
): Promise<readonly string[]> {
  await verifyParts(directory, manifest);
  requireSameImplementation(target, manifest);
  if (versionNumbers(manifest.serverVersion)[0] < oldestMajor) {
    throw ofVersion(target, manifest);
  }
  const users = await readUsersFile(directory, manifest);
  return users.some(({ user }) => user !== userName) ? ['neo4j', 'system'] : ['neo4j'];
}

function ofVersion(target: RestoreTarget, { serverVersion }: Pick<BackupManifest, 'serverVersion'>) {
  return foreign(target, `it is of version ${serverVersion}`);
}

const areUsers = jsonShape<readonly Pick<User, 'user'>[]>({
  type: 'array',
  items: { type: 'object', required: ['user'], properties: { user: { type: 'string' } } },
});

function readUsersFile(directory: string, manifest: BackupManifest): Promise<readonly Pick<User, 'user'>[]> {
  return readJsonPart(directory, manifest, usersFile, areUsers);
}

async function refuseIfUsed(driver: Driver): Promise<void> {
  const { records } = await driver.executeQuery<EagerResult<{ nodes: number }>>('MATCH (n) RETURN count(n) AS nodes');
  const nodes = records[0]?.get('nodes') ?? 0;
  if (nodes > 0) throw targetNotEmpty('neo4j', `${nodes} nodes`);
  const constraints = await driver.executeQuery('SHOW CONSTRAINTS');
  if (constraints.records.length > 0) throw targetNotEmpty('neo4j', `${constraints.records.length} constraints`);
  const others = (await readUsers(driver)).filter(({ user }) => user !== userName);
  if (others.length > 0) throw targetNotEmpty('neo4j', `${others.length} users beside its own`);
}

/** Which dumps of a folder are loaded, and the version of the server that they are of. */
export interface Dumps {
  readonly directory: string;
  readonly databases: readonly string[];
  readonly dumped: string;
}

/** Loads databases beside what a node's volume holds, once the target is `usable`; its next start takes them. */
export async function stage(
  target: UnstartedEngine,
  { directory, databases, dumped }: Dumps,
  usable: Promise<unknown> = Promise.resolve(),
): Promise<void> {
  const staged = await runOneOff({
    image: target.image.reference,
    entrypoint: ['/bin/bash', '-c'],
    command: [
      await readFile(join(import.meta.dirname, '..', 'scripts', 'stage-restore.sh'), 'utf8'),
      'stage-restore.sh',
      dumped,
      ...databases,
    ],
    environment: { ...settings(), NEO4J_server_http_enabled: 'true', NEO4J_dbms_security_auth__enabled: 'false' },
    binds: [`${target.volumeNames.data}:/target`],
    input: releasedBy(
      usable,
      readFilesAsTar(directory, dumpFiles, { 'auth.ini': authFile(target.secrets.neo4j ?? '') }),
    ),
    labels: { [labelNames.engine]: 'neo4j' },
  });
  refuseUnreadable(staged, target, dumped);
  checked(staged, 'Loading the dumps', 'neo4j');
}

/** Exit codes of `stage-restore.sh`. */
function refuseUnreadable({ exitCode, errorOutput }: CommandResult, target: UnstartedEngine, dumped: string): void {
  if (exitCode === 3) {
    throw backupRefused('BACKUP_PART_UNREADABLE', 'neo4j', 'neo4j-admin cannot load a dump', errorOutput);
  }
  if (exitCode === 4) {
    throw backupRefused('BACKUP_PART_UNREADABLE', 'neo4j', 'no server comes up on the dumps', errorOutput);
  }
  if (exitCode === 5) throw targetRefused('RESTORE_TARGET_FULL', 'neo4j', errorOutput.trim());
  if (exitCode === 6) throw ofVersion({ ...target, serverVersion: errorOutput.trim() }, { serverVersion: dumped });
}
