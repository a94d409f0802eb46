import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { QdrantClient } from '@qdrant/js-client-rest';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { allSettled } from '../../core/side-by-side.ts';
import type { BackupManifest, BackupPart } from '../backup.ts';
import { backupRefused, totalBytes, verifyParts } from '../backup-files.ts';
import { foreign, requireSameImplementation, versionNumbers } from '../backup-versions.ts';
import { requirePassword, requireRoom, targetNotEmpty } from '../restore-target.ts';
import type { RunningEngine } from '../topology.ts';
import { type Alias, restoreSuffix } from './collections.ts';
import { firstNode, openClient, request } from './connection.ts';
import { requireSnapshot } from './snapshot-file.ts';

export const aliasesFile = 'aliases.json';
const snapshotSuffix = '.snapshot';

export const fileOf = (name: string) => `${encodeURIComponent(name)}${snapshotSuffix}`;

const storage = '/qdrant/storage';

/**
 * The snapshot as it is uploaded, as it is kept until it is taken, and the collection made of it. The stand-in compresses
 * its snapshots to about an eighth: most of a small collection is space set aside.
 */
const roomFactor = { compatible: 12, official: 3, built: 3 };

/**
 * Uploads each snapshot with `priority=snapshot`, then makes the aliases.
 * Taken is a snapshot of the same major and minor version, and of the target's patch or an older one (Qdrant
 * documentation, "Snapshots": one of 1.4.1 only into 1.4.x with x of at least 1). The server runs as root in the vendor's
 * image and in ours, so that there are no rights that it could lack.
 */
export async function restore(target: RunningEngine, directory: string, manifest: BackupManifest): Promise<void> {
  const aliases = await requireTaken(target, directory, manifest, refuseIfUsed);
  await Promise.all(snapshotsOf(manifest).map((part) => upload(target, directory, part, nameOf(part))));
  const actions = aliases.map((alias) => ({ create_alias: alias }));
  if (actions.length > 0) await openClient(target).updateCollectionAliases({ actions });
}

/** Restores each collection as `<collection>_restore`, without aliases: those are the live collections'. */
export async function restoreBeside(
  running: RunningEngine,
  directory: string,
  manifest: BackupManifest,
): Promise<readonly string[]> {
  await requireTaken(running, directory, manifest, async (live) => {
    await live.getCollections();
  });
  const client = openClient(running);
  return Promise.all(
    snapshotsOf(manifest).map(async (part) => {
      const name = `${nameOf(part)}${restoreSuffix}`;
      if ((await client.collectionExists(name)).exists) await client.deleteCollection(name);
      await upload(running, directory, part, name);
      return name;
    }),
  );
}

function snapshotsOf({ parts }: BackupManifest): readonly BackupPart[] {
  return parts.filter(({ path }) => path.endsWith(snapshotSuffix));
}

function nameOf({ path }: BackupPart): string {
  return decodeURIComponent(path.slice(0, -snapshotSuffix.length));
}

/** Throws for every reason not to begin. Returns the aliases of the backup. */
async function requireTaken(
  target: RunningEngine,
  directory: string,
  manifest: BackupManifest,
  check: (client: QdrantClient) => Promise<void>,
): Promise<readonly Alias[]> {
  await verifyParts(directory, manifest);
  requireSameImplementation(target, manifest);
  requireSameMinor(target, manifest);
  const aliases = readAliases(directory);
  // The first of these that fails is told.
  await allSettled([
    ...snapshotsOf(manifest).map(({ path }) => requireSnapshot(join(directory, path), path, manifest.origin)),
    aliases,
    requirePassword(
      'qdrant',
      () => check(openClient(target)),
      (thrown) => [401, 403].includes((thrown as { status?: number }).status ?? 0),
    ),
    requireRoom(firstNode(target), storage, totalBytes(manifest) * roomFactor[manifest.origin]),
  ]);
  return aliases;
}

function requireSameMinor(target: RunningEngine, { serverVersion }: BackupManifest): void {
  const [major, minor, patch] = versionNumbers(serverVersion);
  const [targetMajor, targetMinor, targetPatch] = versionNumbers(target.serverVersion);
  if (major === targetMajor && minor === targetMinor && patch <= targetPatch) return;
  throw foreign(target, `its snapshots are of version ${serverVersion}`);
}

async function readAliases(directory: string): Promise<readonly Alias[]> {
  try {
    const aliases = JSON.parse(await readFile(join(directory, aliasesFile), 'utf8')) as Alias[];
    if (aliases.every(({ alias_name, collection_name }) => alias_name && collection_name)) return aliases;
    throw new Error('an alias lacks a name');
  } catch (thrown) {
    throw backupRefused('BACKUP_PART_UNREADABLE', 'qdrant', `${aliasesFile} holds no aliases`, messageOf(thrown));
  }
}

async function refuseIfUsed(client: QdrantClient): Promise<void> {
  const { collections } = await client.getCollections();
  if (collections.length > 0) throw targetNotEmpty('qdrant', collections.map(({ name }) => name).join(', '));
}

async function upload(target: RunningEngine, directory: string, part: BackupPart, name: string): Promise<void> {
  const form = new FormData();
  form.set('snapshot', await openAsBlob(join(directory, part.path)), part.path);
  // Without a priority a node that joins a cluster would prefer what the others have.
  const query = `priority=snapshot&checksum=${part.sha256}`;
  const path = `/collections/${encodeURIComponent(name)}/snapshots/upload?${query}`;
  await request(target, path, { method: 'POST', body: form }).catch((thrown) => {
    throw new SandboxError({
      code: 'RESTORE_FAILED',
      engine: 'qdrant',
      message: `The snapshot of ${name} was not taken: ${messageOf(thrown)}`,
      next: 'Restore into a fresh node again.',
      cause: thrown,
    });
  });
}
