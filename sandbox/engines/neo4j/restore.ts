import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Driver, EagerResult } from 'neo4j-driver';
import { type CommandResult, checked, runOneOff } from '../../containers/exec.ts';
import { labelNames } from '../../containers/labels.ts';
import { messageOf } from '../../core/errors.ts';
import type { BackupManifest } from '../backup.ts';
import { backupRefused, totalBytes, verifyParts } from '../backup-files.ts';
import { foreign, isSameOrNewer, requireSameImplementation, versionNumbers } from '../backup-versions.ts';
import { readFilesAsTar } from '../part-files.ts';
import { requirePassword, requireRoom, requireWritable, targetNotEmpty, targetRefused } from '../restore-target.ts';
import type { RunningEngine } from '../topology.ts';
import { firstNode, userName, withDriver } from './connection.ts';
import { readUsers, type User } from './fingerprint.ts';
import { whileStopped } from './offline.ts';
import { settings } from './topologies.ts';

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
  await verifyParts(directory, manifest);
  requireSameImplementation(target, manifest);
  requireReadable(target, manifest);
  const users = await readUsersFile(directory);
  const node = firstNode(target);
  await requirePassword(
    'neo4j',
    () => withDriver(target, refuseIfUsed),
    (thrown) => (thrown as { code?: unknown }).code === 'Neo.ClientError.Security.Unauthorized',
  );
  await requireWritable(node, '/data', neo4jUser);
  await requireRoom(node, '/data', totalBytes(manifest) * roomFactor);
  await stage(target, directory, users.some(({ user }) => user !== userName) ? ['neo4j', 'system'] : ['neo4j']);
  await whileStopped(target, async () => {});
}

function requireReadable(target: RunningEngine, { serverVersion }: BackupManifest): void {
  const [major] = versionNumbers(serverVersion);
  if (major >= oldestMajor && isSameOrNewer(target.serverVersion, serverVersion)) return;
  throw foreign(target, `it is of version ${serverVersion}`);
}

async function readUsersFile(directory: string): Promise<readonly User[]> {
  try {
    const users = JSON.parse(await readFile(join(directory, usersFile), 'utf8')) as User[];
    if (users.every(({ user }) => typeof user === 'string')) return users;
    throw new Error('a user has no name');
  } catch (thrown) {
    throw backupRefused('BACKUP_PART_UNREADABLE', 'neo4j', `${usersFile} holds no users`, messageOf(thrown));
  }
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

/** Loads databases beside the live data of the first node; its next start takes them. */
export async function stage(target: RunningEngine, directory: string, databases: readonly string[]): Promise<void> {
  const node = firstNode(target);
  const staged = await runOneOff({
    image: node.image,
    entrypoint: ['/bin/bash', '-c'],
    command: [
      await readFile(join(import.meta.dirname, 'scripts', 'stage-restore.sh'), 'utf8'),
      'stage-restore.sh',
      ...databases,
    ],
    environment: { ...settings(), NEO4J_server_http_enabled: 'true', NEO4J_dbms_security_auth__enabled: 'false' },
    binds: [`${node.volumeNames.data}:/target`],
    input: readFilesAsTar(directory, dumpFiles),
    labels: { [labelNames.engine]: 'neo4j' },
  });
  refuseUnreadable(staged);
  checked(staged, 'Loading the dumps', 'neo4j');
}

/** Exit codes of `stage-restore.sh`. */
function refuseUnreadable({ exitCode, errorOutput }: CommandResult): void {
  if (exitCode === 3) {
    throw backupRefused('BACKUP_PART_UNREADABLE', 'neo4j', 'neo4j-admin cannot load a dump', errorOutput);
  }
  if (exitCode === 4) {
    throw backupRefused('BACKUP_PART_UNREADABLE', 'neo4j', 'no server comes up on the dumps', errorOutput);
  }
  if (exitCode === 5) throw targetRefused('RESTORE_TARGET_FULL', 'neo4j', errorOutput.trim());
}
