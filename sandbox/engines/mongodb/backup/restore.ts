import type { MongoClient } from 'mongodb';
import type { BackupManifest, RestoreRun } from '../../contract/backup.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { totalBytes, verifyParts } from '../../shared/backup/backup-files.ts';
import {
  foreign,
  isSameOrNewer,
  requireSameImplementation,
  versionNumbers,
} from '../../shared/backup/backup-versions.ts';
import {
  freeBytesOf,
  requirePassword,
  requireRoom,
  requireWritable,
  targetNotEmpty,
} from '../../shared/backup/restore-target.ts';
import { dataNode, recordDatabaseName, withClient } from '../server/connection.ts';
import { databaseNames, readCatalogue, serverDatabases, userDatabases } from './catalogue.ts';
import { type DumpArchive, readArchive } from './dump-archive.ts';
import { restoreBesideByTool, restoreByTool } from './dump-tool.ts';
import { importCollections, importPrincipals } from './export/driver-import.ts';
import type { Export } from './export/export-format.ts';
import { readExport } from './export/read-export.ts';
import { countExpired } from './lifetimes.ts';
import { beginRestored, dropRestored, namesBeside, restoredDatabases } from './restored-databases.ts';

/** User of the server in the official image and in ours. */
const mongodbUser = '999';

const dataFolder = '/data/db';

/** Documents as they are; indexes and the journal take as much again. */
const roomFactor = 2;

/** What was backed up, found whole: by the driver, or by the engine's own tools. */
type Source = { readonly exported: Export } | { readonly archive: DumpArchive };

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
  { expired }: RestoreRun = {},
): Promise<void> {
  const source = await requireTaken(target, directory, manifest, { empty: true });
  if ('archive' in source) await restoreByTool(target, directory, manifest, source.archive);
  await withClient(target, async (_, client) => {
    if ('exported' in source) {
      await importCollections(client, source.exported.collections, (name) => name);
      await importPrincipals(client, source.exported);
    }
    // They are there until the server looks for them, once a minute.
    expired?.(await countExpired(client));
  });
}

/**
 * Restores each database as `<name>_restore`; users and roles stay as they are. What an earlier restore made of these
 * names is replaced, what is somebody's own is not. Of a restore that fails nothing is left.
 */
export async function restoreBeside(
  running: RunningEngine,
  directory: string,
  manifest: BackupManifest,
): Promise<readonly string[]> {
  const source = await requireTaken(running, directory, manifest, { empty: false });
  const { origin } = running.image;
  return withClient(running, async (_, client) => {
    const there = await databaseNames(client);
    const names = await namesBeside(client, databasesOf(source), there);
    try {
      for (const name of names.values()) await beginRestored(client, name, origin);
      if ('archive' in source) {
        await restoreBesideByTool(running, source.archive, names);
      } else {
        const wanted = source.exported.collections.filter(({ database }) => names.has(database));
        await importCollections(client, wanted, (database) => names.get(database) ?? database);
      }
    } catch (thrown) {
      // What went wrong first is what is told.
      for (const name of names.values()) await dropRestored(client, name, origin).catch(() => {});
      throw thrown;
    }
    return [...names.values()].toSorted();
  });
}

/** Drops the databases that restores beside the live data have left, and returns their names. */
export async function discardBeside(running: RunningEngine): Promise<readonly string[]> {
  return withClient(running, async (_, client) => {
    const names = await restoredDatabases(client, await databaseNames(client));
    for (const name of names) await dropRestored(client, name, running.image.origin);
    return names;
  });
}

/** Databases of people in a backup. What the sandbox keeps of the live data is not theirs. */
function databasesOf(source: Source): readonly string[] {
  const named =
    'archive' in source ? source.archive.databases : source.exported.collections.map((each) => each.database);
  const left = new Set([...serverDatabases, recordDatabaseName, ...('archive' in source ? ['admin'] : [])]);
  return [...new Set(named)].filter((name) => !left.has(name));
}

/** Throws for every reason not to begin. */
async function requireTaken(
  target: RunningEngine,
  directory: string,
  manifest: BackupManifest,
  { empty }: { readonly empty: boolean },
): Promise<Source> {
  await verifyParts(directory, manifest);
  requireSameImplementation(target, manifest);
  const { serverVersion } = manifest;
  const isSameMajor = versionNumbers(serverVersion)[0] === versionNumbers(target.serverVersion)[0];
  if (!isSameMajor || !isSameOrNewer(target.serverVersion, serverVersion)) {
    throw foreign(target, `it is of version ${serverVersion}`);
  }
  const node = dataNode(target);
  const source =
    manifest.origin === 'compatible'
      ? { exported: await readExport(directory, manifest) }
      : { archive: await readArchive(directory, manifest, await freeBytesOf(node, dataFolder)) };
  await requirePassword(
    'mongodb',
    () => withClient(target, async (_, client) => (empty ? refuseIfUsed(client) : undefined)),
    (thrown) => (thrown as { code?: unknown }).code === 18,
  );
  await requireWritable(node, dataFolder, mongodbUser);
  const sizeBytes = 'archive' in source ? source.archive.unpackedBytes : totalBytes(manifest);
  await requireRoom(node, dataFolder, sizeBytes * roomFactor);
  return source;
}

async function refuseIfUsed(client: MongoClient): Promise<void> {
  for (const name of await userDatabases(client)) {
    const [first] = await readCatalogue(client.db(name));
    if (first !== undefined) throw targetNotEmpty('mongodb', `${name}.${first.name}`);
  }
}
