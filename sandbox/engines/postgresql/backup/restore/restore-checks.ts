import { DatabaseError } from 'pg';
import { allSettled } from '../../../../core/run-concurrently.ts';
import type { BackupManifest } from '../../../contract/backup.ts';
import type { RunningEngine } from '../../../contract/topology.ts';
import { backupRefused, totalBytes, verifyParts } from '../../../shared/backup/backup-files.ts';
import {
  requirePassword,
  requireRoom,
  requireWritable,
  targetNotEmpty,
} from '../../../shared/backup/restore-target.ts';
import { openPrimary } from '../../server/connection.ts';
import type { CataloguedDatabase } from '../catalogue/catalogue.ts';
import { ourDatabases } from '../catalogue/described-databases.ts';
import { globalsFile, readCatalogueFiles } from '../catalogue/read-catalogue.ts';
import type { ReadableBackup } from '../catalogue/readable-backup.ts';
import { readEarlier } from './earlier/earlier-backups.ts';

export const dataDirectory = '/var/lib/postgresql/data';

/** Log that a restore writes at most before a checkpoint frees it: `max_wal_size` of schema/postgresql.conf. */
const logBytesMax = 256 * 2 ** 20;

/** Throws where the files are not what the manifest says, or a server of the target's version cannot take them. */
export async function requireReadable(
  target: RunningEngine,
  directory: string,
  manifest: BackupManifest,
): Promise<ReadableBackup> {
  requireVersion(target, manifest);
  await verifyParts(directory, manifest);
  const named = new Set(manifest.parts.map(({ path }) => path));
  const archive = await (named.has(globalsFile)
    ? readCatalogue(directory, manifest)
    : readEarlier(directory, manifest));
  const missing = archive.databases.find(({ file }) => file !== null && !named.has(file));
  if (missing !== undefined) throw backupRefused('BACKUP_PART_MISSING', 'postgresql', `it has no ${missing.file}`);
  return archive;
}

async function readCatalogue(directory: string, manifest: BackupManifest): Promise<ReadableBackup> {
  const catalogue = await readCatalogueFiles(directory, manifest);
  return { isEarlier: false, databases: catalogue.databases, catalogueOf: () => catalogue };
}

/**
 * `pg_dump` promises that an older server's dump can be restored, not a newer one's (its documentation, "Notes").
 * Minor versions share their formats.
 */
export function requireVersion(target: RunningEngine, { engine, serverVersion, origin }: BackupManifest): void {
  const major = majorOf(serverVersion);
  const reason =
    engine !== 'postgresql'
      ? `it is a backup of ${engine}`
      : origin === 'compatible' || target.image.origin === 'compatible'
        ? `backups are not taken from or to another implementation than PostgreSQL's own`
        : major === undefined
          ? `its server version ${JSON.stringify(serverVersion)} is not one of PostgreSQL's`
          : major > (majorOf(target.serverVersion) ?? 0)
            ? `it is of PostgreSQL ${serverVersion}, and the target is ${target.serverVersion}`
            : undefined;
  if (reason !== undefined) throw backupRefused('BACKUP_VERSION_FOREIGN', 'postgresql', reason);
}

export function majorOf(serverVersion: string): number | undefined {
  const major = /^(\d+)(\.\d+)?/.exec(serverVersion)?.[1];
  return major === undefined ? undefined : Number(major);
}

/**
 * Room that a restore needs at most: what the databases took when they were backed up (a restored one has no dead
 * rows), the log that a restore writes between two checkpoints, and the archives, which lie in the container meanwhile.
 */
export function roomFor(manifest: BackupManifest, databases: readonly CataloguedDatabase[]): number {
  const dataBytes = databases.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
  return dataBytes + Math.min(dataBytes, logBytesMax) + totalBytes(manifest);
}

/** Throws where the target does not let us in, cannot be written into, or holds something; the first of these counts. */
export async function requireUsable(
  target: RunningEngine,
  { sizeBytes, empty }: { readonly sizeBytes: number; readonly empty: boolean },
): Promise<void> {
  await allSettled([requireLogin(target), requirePlace(target, sizeBytes), ...(empty ? [requireEmpty(target)] : [])]);
}

async function requireLogin(target: RunningEngine): Promise<void> {
  await requirePassword(
    'postgresql',
    async () => {
      await using _ = await openPrimary(target, { database: 'postgres' });
    },
    // invalid_password (PostgreSQL documentation, "PostgreSQL Error Codes").
    (thrown) => thrown instanceof DatabaseError && thrown.code === '28P01',
  );
}

/** Room, and the right to use it, on every node: standbys hold the same data. */
async function requirePlace(target: RunningEngine, sizeBytes: number): Promise<void> {
  await allSettled(
    target.nodes.flatMap((node) => [
      requireWritable(node, dataDirectory, 'postgres'),
      requireRoom(node, dataDirectory, sizeBytes),
    ]),
  );
}

/** Throws `RESTORE_TARGET_NOT_EMPTY`. */
async function requireEmpty(target: RunningEngine): Promise<void> {
  await using opened = await openPrimary(target, { database: 'postgres' });
  const found = await ourDatabases(target, opened.client);
  if (found.length > 0) throw targetNotEmpty('postgresql', found.map(({ name }) => name).join(', '));
}
