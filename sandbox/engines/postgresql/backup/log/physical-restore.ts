import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startNodeAgain, stopNode } from '../../../../containers/nodes/nodes.ts';
import { checked, execInNode, runOneOff } from '../../../../containers/runtime/exec.ts';
import { labelNames } from '../../../../containers/runtime/labels.ts';
import { SandboxError } from '../../../../core/errors.ts';
import type { BackupManifest } from '../../../contract/backup.ts';
import { firstNode, type RunningEngine } from '../../../contract/topology.ts';
import { backupRefused, totalBytes, verifyParts } from '../../../shared/backup/backup-files.ts';
import { requireRoom } from '../../../shared/backup/restore-target.ts';
import { setPasswords } from '../../schema/schema.ts';
import { openPrimary } from '../../server/connection.ts';
import { dataDirectory, majorOf, requireUsable, requireVersion } from '../restore/restore-checks.ts';
import { stageFiles } from '../restore/stage-files.ts';
import { verifyScript } from './base-backup.ts';
import { type BaseBackup, baseFile, readBaseBackup } from './base-description.ts';
import { archiveDirectory } from './log-archive.ts';
import { logFolder, type Moment, requireLog } from './log-marks.ts';
import { forgetRecovery, recoverySettings, stagedLogDirectory, untilPromoted } from './recovery.ts';

/** Files of the backup, beside those of the server, until it is stopped. */
const restoredDirectory = `${dataDirectory}/.restored`;

/**
 * Files and log are put beside the target's own and checked there; then it is stopped, its files are changed for them,
 * and it recovers up to the moment. If it does not get there, its own files come back.
 */
export async function restoreToMoment(
  target: RunningEngine,
  directory: string,
  manifest: BackupManifest,
  until: Moment,
): Promise<void> {
  requireSameMajor(target, manifest);
  await verifyParts(directory, manifest);
  const base = await readBaseBackup(directory, manifest);
  const mark = await requireLog(directory, manifest, base, until);
  const logBytes = manifest.parts.reduce((sum, { path, sizeBytes }) => sum + (isLog(path) ? sizeBytes : 0), 0);
  await requireUsable(target, { sizeBytes: base.sizeBytes + totalBytes(manifest), empty: true });
  await requireRoom(firstNode(target), archiveDirectory, logBytes);

  await clearStaging(target);
  try {
    await stageBase(target, join(directory, baseFile), unpackedBytesMax(base));
    const files = manifest.parts.filter(({ path }) => isLog(path)).map(({ path }) => path);
    await stageFiles(firstNode(target), directory, files, stagedLogDirectory);
    await inNode(target, await script('prepare-recovery'), recoverySettings(until, mark.timeline));
    await recover(target);
  } finally {
    await clearStaging(target);
  }
}

const isLog = (path: string) => path.startsWith(`${logFolder}/`);

/** Files are those of one major version, and of one node: standbys would have to be made anew. */
function requireSameMajor(target: RunningEngine, manifest: BackupManifest): void {
  requireVersion(target, manifest);
  if (majorOf(manifest.serverVersion) !== majorOf(target.serverVersion)) {
    const reason = `files of PostgreSQL ${manifest.serverVersion} are none of ${target.serverVersion}`;
    throw backupRefused('BACKUP_VERSION_FOREIGN', 'postgresql', reason);
  }
  if (target.nodes.length === 1) return;
  throw new SandboxError({
    code: 'NOT_SUPPORTED',
    engine: 'postgresql',
    message: `A physical backup is restored into one node, and the target has ${target.nodes.length}.`,
    next: 'Restore into the topology `standalone`.',
  });
}

/** The databases, as much again for headers and what belongs to none of them, and the log of an empty server. */
const unpackedBytesMax = ({ sizeBytes }: BaseBackup) => Math.ceil(sizeBytes) * 2 + 256 * 2 ** 20;

async function stageBase(target: RunningEngine, file: string, bytesMax: number): Promise<void> {
  const command = ['bash', '-c', await verifyScript(), 'verify-base-backup', restoredDirectory, String(bytesMax)];
  const options = { user: 'postgres', input: createReadStream(file) };
  const ended = await execInNode(firstNode(target), command, options);
  if (ended.exitCode === 0) return;
  const reason = `pg_verifybackup does not find in ${baseFile} what was backed up`;
  throw backupRefused('BACKUP_PART_UNREADABLE', 'postgresql', reason, ended.errorOutput.slice(-2_000));
}

async function recover(target: RunningEngine): Promise<void> {
  const node = firstNode(target);
  await stopNode(node);
  try {
    await swapFiles(target, 'in');
    await startNodeAgain(node);
    await untilPromoted(target);
  } catch (thrown) {
    await stopNode(node);
    await swapFiles(target, 'back');
    await startNodeAgain(node);
    throw thrown;
  }
  await forgetRecovery(target);
  await using opened = await openPrimary(target, { database: 'postgres' });
  await setPasswords(opened.client, target);
}

async function swapFiles(target: RunningEngine, direction: 'in' | 'back'): Promise<void> {
  const node = firstNode(target);
  const swapped = await runOneOff({
    image: node.image,
    entrypoint: ['bash', '-c'],
    command: [await script('swap-data'), 'swap-data', direction],
    environment: { PGDATA: dataDirectory },
    user: 'root',
    binds: [`${node.volumeNames.data}:${dataDirectory}`],
    labels: { [labelNames.engine]: 'postgresql' },
  });
  checked(swapped, 'changing the files', 'postgresql');
}

/** The archive's volume belongs to root until there is a backup of the target itself. */
async function clearStaging(target: RunningEngine): Promise<void> {
  const replaced = `${dataDirectory}/.replaced`;
  const command = ['rm', '-rf', restoredDirectory, replaced, stagedLogDirectory];
  checked(await execInNode(firstNode(target), command, { user: 'root' }), 'clearing up', 'postgresql');
}

async function inNode(target: RunningEngine, text: string, input: string): Promise<void> {
  const command = ['bash', '-c', text, 'prepare-recovery', restoredDirectory];
  const options = { user: 'postgres', input };
  checked(await execInNode(firstNode(target), command, options), 'preparing the recovery', 'postgresql');
}

function script(name: string): Promise<string> {
  return readFile(join(import.meta.dirname, '..', '..', 'scripts', `${name}.sh`), 'utf8');
}
