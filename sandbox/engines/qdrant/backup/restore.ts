import { join } from 'node:path';
import type { QdrantClient } from '@qdrant/js-client-rest';
import { allSettled, runConcurrently } from '../../../core/run-concurrently.ts';
import type { BackupManifest } from '../../contract/backup.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { totalBytes, verifyParts } from '../../shared/backup/backup-files.ts';
import { foreign, requireSameImplementation, versionNumbers } from '../../shared/backup/backup-versions.ts';
import { freeBytesOf, requirePassword, requireRoom, targetNotEmpty } from '../../shared/backup/restore-target.ts';
import { openClient } from '../server/connection.ts';
import { type ArchivedCollection, filesOf, readAliases, readCollections } from './archived-collections.ts';
import { type Alias, markOf, readNames, restoredNames } from './names.ts';
import { requireSnapshot } from './snapshot-file.ts';
import { uploadCollection } from './upload-snapshots.ts';

const storage = '/qdrant/storage';

/** A snapshot lies on the server's disk as it is uploaded, and as it is kept until it is taken. */
const copies = 2;

/**
 * Uploads each snapshot with `priority=snapshot`, then makes the aliases.
 * Taken is a snapshot of the same major and minor version, and of the target's patch or an older one (Qdrant
 * documentation, "Snapshots": one of 1.4.1 only into 1.4.x with x of at least 1). The server runs as root in the vendor's
 * image and in ours, so that there are no rights that it could lack.
 */
export async function restore(target: RunningEngine, directory: string, manifest: BackupManifest): Promise<void> {
  const { collections, aliases } = await requireTaken(target, directory, manifest, refuseIfUsed);
  await runConcurrently(collections, (collection) =>
    uploadCollection(collection, { target, directory, manifest, name: collection.name }),
  );
  const actions = aliases.map((alias) => ({ create_alias: alias }));
  if (actions.length > 0) await openClient(target).updateCollectionAliases({ actions });
}

/**
 * Restores each collection as `<collection>_restore`, without aliases: those are the live collections'. What an earlier
 * restore has made under that name is replaced; what a user has made has its name to itself.
 */
export async function restoreBeside(
  running: RunningEngine,
  directory: string,
  manifest: BackupManifest,
): Promise<readonly string[]> {
  const { collections } = await requireTaken(running, directory, manifest, async (live) => {
    await live.getCollections();
  });
  const client = openClient(running);
  const live = await readNames(client);
  const names = restoredNames(
    collections.map(({ name }) => name),
    live,
  );
  await runConcurrently(collections, async (collection) => {
    const name = names.get(collection.name) ?? '';
    const mark = (of: string) => ({ create_alias: { alias_name: markOf(name), collection_name: of } });
    if (live.restored.includes(name)) await client.deleteCollection(name);
    // From before it is there, so that no moment leaves one that nobody knows the maker of; an alias needs a collection.
    const [some] = live.collections;
    if (some !== undefined) await client.updateCollectionAliases({ actions: [mark(some)] });
    await uploadCollection(collection, { target: running, directory, manifest, name }).catch(async (thrown) => {
      if ((await client.collectionExists(name)).exists) await client.deleteCollection(name);
      const forget = { delete_alias: { alias_name: markOf(name) } };
      if (some !== undefined) await client.updateCollectionAliases({ actions: [forget] });
      throw thrown;
    });
    await client.updateCollectionAliases({ actions: [mark(name)] });
  });
  return collections.map(({ name }) => names.get(name) ?? '');
}

/** Deletes the collections that restores beside the live data have left, and returns their names. Their marks go with them. */
export async function discardBeside(running: RunningEngine): Promise<readonly string[]> {
  const client = openClient(running);
  const { restored } = await readNames(client);
  for (const name of restored) await client.deleteCollection(name);
  return restored;
}

interface Taken {
  readonly collections: readonly ArchivedCollection[];
  readonly aliases: readonly Alias[];
}

/** Throws for every reason not to begin. Returns what is in the backup. */
async function requireTaken(
  target: RunningEngine,
  directory: string,
  manifest: BackupManifest,
  check: (client: QdrantClient) => Promise<void>,
): Promise<Taken> {
  await verifyParts(directory, manifest);
  requireSameImplementation(target, manifest);
  requireSameMinor(target, manifest);
  const collections = await readCollections(directory, manifest);
  const aliases = readAliases(directory, manifest, collections);
  // The first of these that fails is told.
  await allSettled([
    aliases,
    requirePassword(
      'qdrant',
      () => check(openClient(target)),
      (thrown) => [401, 403].includes((thrown as { status?: number }).status ?? 0),
    ),
    requireSnapshots(target, directory, manifest, collections),
  ]);
  return { collections, aliases: await aliases };
}

/** Each snapshot is what it claims to be, and every node has room for all of them. */
async function requireSnapshots(
  { nodes }: RunningEngine,
  directory: string,
  manifest: BackupManifest,
  collections: readonly ArchivedCollection[],
): Promise<void> {
  const freeBytes = Math.min(...(await Promise.all(nodes.map((node) => freeBytesOf(node, storage)))));
  const { origin } = manifest;
  const unpacked = await runConcurrently(collections, async (collection) => {
    const files = filesOf(collection).map((path) =>
      requireSnapshot(join(directory, path), { path, origin, isShard: path !== collection.file, freeBytes }),
    );
    return (await allSettled(files)).reduce((total, sizeBytes) => total + sizeBytes, 0);
  });
  const neededBytes = unpacked.reduce((total, sizeBytes) => total + sizeBytes, totalBytes(manifest) * copies);
  await Promise.all(nodes.map((node) => requireRoom(node, storage, neededBytes)));
}

function requireSameMinor(target: RunningEngine, { serverVersion }: BackupManifest): void {
  const [major, minor, patch] = versionNumbers(serverVersion);
  const [targetMajor, targetMinor, targetPatch] = versionNumbers(target.serverVersion);
  if (major === targetMajor && minor === targetMinor && patch <= targetPatch) return;
  throw foreign(target, `its snapshots are of version ${serverVersion}`);
}

async function refuseIfUsed(client: QdrantClient): Promise<void> {
  const { collections } = await client.getCollections();
  if (collections.length > 0) throw targetNotEmpty('qdrant', collections.map(({ name }) => name).join(', '));
}
