import type { MongoClient } from 'mongodb';
import type { BackupManifest, RestoreNotes } from '../backup.ts';
import { totalBytes, verifyParts } from '../backup-files.ts';
import { foreign, isSameOrNewer, requireSameImplementation, versionNumbers } from '../backup-versions.ts';
import { requirePassword, requireRoom, requireWritable, targetNotEmpty } from '../restore-target.ts';
import type { RunningEngine } from '../topology.ts';
import { restoreSuffix, userDatabases } from './catalogue.ts';
import { databaseName, firstNode, withClient } from './connection.ts';
import type { ExportCatalogue } from './driver-export.ts';
import { importCollections, importPrincipals, readExport } from './driver-import.ts';
import { readArchive, restoreBesideByTool, restoreByTool } from './dump-tool.ts';
import { countExpired } from './lifetimes.ts';

/** User of the server in the official image and in ours. */
const mongodbUser = '999';

/** An archive is compressed to about a sixth; an export is not. Indexes and the journal take as much again. */
const roomFactor = { tool: 12, driver: 2 };

const restoredName = `${databaseName}${restoreSuffix}`;

/**
 * Restores into an empty server.
 * Taken is a backup of the same major version and of the target's minor version or an older one: MongoDB supports
 * `mongodump` and `mongorestore` between servers of one major version (Database Tools, "Compatibility").
 * An export of the stand-in is taken by the stand-in alone: it has no text indexes, so that a MongoDB made of it would
 * lack them; and a dump of MongoDB's tools only those tools can read.
 */
export async function restore(
  target: RunningEngine,
  directory: string,
  manifest: BackupManifest,
  notes?: RestoreNotes,
): Promise<void> {
  const catalogue = await requireTaken(target, directory, manifest, { empty: true });
  if (catalogue === undefined) await restoreByTool(target, directory);
  await withClient(target, async (_, client) => {
    if (catalogue !== undefined) {
      await importCollections(client, directory, catalogue.collections, (name) => name);
      await importPrincipals(client, catalogue);
    }
    // They are there until the server looks for them, once a minute.
    notes?.expired(await countExpired(client));
  });
}

/** Restores the platform's database as `taishang_content_restore`; users and roles stay as they are. */
export async function restoreBeside(
  running: RunningEngine,
  directory: string,
  manifest: BackupManifest,
): Promise<readonly string[]> {
  const catalogue = await requireTaken(running, directory, manifest, { empty: false });
  await withClient(running, async (_, client) => {
    await client.db(restoredName).dropDatabase();
    if (catalogue === undefined) {
      await restoreBesideByTool(running, directory, databaseName, restoredName);
    } else {
      const own = catalogue.collections.filter(({ database }) => database === databaseName);
      await importCollections(client, directory, own, () => restoredName);
    }
  });
  return [restoredName];
}

/** Throws for every reason not to begin. Returns the catalogue of an export, nothing for an archive. */
async function requireTaken(
  target: RunningEngine,
  directory: string,
  manifest: BackupManifest,
  { empty }: { readonly empty: boolean },
): Promise<ExportCatalogue | undefined> {
  await verifyParts(directory, manifest);
  requireSameImplementation(target, manifest);
  const { serverVersion } = manifest;
  const isSameMajor = versionNumbers(serverVersion)[0] === versionNumbers(target.serverVersion)[0];
  if (!isSameMajor || !isSameOrNewer(target.serverVersion, serverVersion)) {
    throw foreign(target, `it is of version ${serverVersion}`);
  }
  const isExport = manifest.origin === 'compatible';
  const catalogue = isExport ? await readExport(directory) : await readArchive(directory);
  const node = firstNode(target);
  await requirePassword(
    'mongodb',
    () => withClient(target, async (_, client) => (empty ? refuseIfUsed(client) : undefined)),
    (thrown) => (thrown as { code?: unknown }).code === 18,
  );
  await requireWritable(node, '/data/db', mongodbUser);
  await requireRoom(node, '/data/db', totalBytes(manifest) * roomFactor[isExport ? 'driver' : 'tool']);
  return catalogue === undefined ? undefined : catalogue;
}

async function refuseIfUsed(client: MongoClient): Promise<void> {
  for (const name of await userDatabases(client)) {
    const collections = await client.db(name).listCollections({}, { nameOnly: true }).toArray();
    if (collections.length > 0) throw targetNotEmpty('mongodb', `${name}.${collections[0]?.name}`);
  }
}
