import { messageOf } from '../../../../../core/errors.ts';
import type { BackupManifest } from '../../../../contract/backup.ts';
import { backupRefused } from '../../../../shared/backup/backup-files.ts';
import { readSmallPart } from '../../../../shared/backup/small-part.ts';
import type { Catalogue, CataloguedDatabase } from '../../catalogue/catalogue.ts';
import { databasesFile, requireCatalogue } from '../../catalogue/read-catalogue.ts';
import type { ReadableBackup } from '../../catalogue/readable-backup.ts';
import type { Staged } from '../stage-archives.ts';
import { tell } from './earlier-statements.ts';
import { nothingTold, type Told } from './told.ts';
import { usualDatabase } from './told-databases.ts';

/** File of a backup of the first release that `pg_dumpall --globals-only` wrote. */
const globalsScript = 'globals.sql';

/**
 * Reads a backup of the first release, whose roles are a script and whose dumps make their databases themselves. Neither
 * is run: what they say is read as data. Throws `BACKUP_PART_MISSING`, `BACKUP_PART_UNREADABLE`.
 */
export async function readEarlier(directory: string, manifest: BackupManifest): Promise<ReadableBackup> {
  const script = await readGlobals(directory, manifest);
  const listed = await readDatabases(directory, manifest);
  const placeholder = databaseOf(nothingTold(), listed[0]);
  // Refused as early as it can be.
  read(() => tell(nothingTold(), script), globalsScript);
  return {
    isEarlier: true,
    databases: listed.map((database) => ({ ...placeholder, ...database })),
    catalogueOf: (staged) => catalogueOf(script, listed, staged),
  };
}

type Listed = Pick<CataloguedDatabase, 'name' | 'sizeBytes' | 'file'>;

function catalogueOf(script: string, listed: readonly Listed[], staged: Staged): Catalogue {
  const globals = nothingTold();
  read(() => tell(globals, script), globalsScript);
  const databases = listed.map((database) => {
    const told: Told = { ...globals, databases: new Map(), extensions: [] };
    read(() => tell(told, staged.archives.get(database.name)?.definition ?? ''), `${database.file}`);
    if (!told.databases.has(database.name)) {
      throw unreadable(`${database.file}: it is not of ${JSON.stringify(database.name)}`);
    }
    return databaseOf(told, database);
  });
  const { roles, memberships, settings, tablespaces, parameters } = globals;
  const catalogue = {
    roles: [...roles.values()],
    memberships,
    settings,
    tablespaces: [...tablespaces.values()],
    parameters: [...parameters].map(([name, rights]) => ({ name, rights })),
    databases,
  };
  return requireCatalogue(catalogue, globalsScript);
}

function databaseOf(told: Told, listed: Listed | undefined): CataloguedDatabase {
  const name = listed?.name ?? '';
  const found = told.databases.get(name);
  // It comes with every database, and pg_dump does not name it.
  const extensions = [{ name: 'plpgsql', version: '', schema: 'pg_catalog', comment: null }, ...told.extensions];
  return {
    ...usualDatabase,
    ...found,
    name,
    file: listed?.file ?? null,
    sizeBytes: listed?.sizeBytes ?? 0,
    extensions,
  };
}

async function readGlobals(directory: string, manifest: BackupManifest): Promise<string> {
  const text = (await readSmallPart(directory, manifest, globalsScript)).toString('utf8');
  const begins = text.includes('\n-- PostgreSQL database cluster dump\n');
  if (begins && text.trimEnd().endsWith('\n-- PostgreSQL database cluster dump complete\n--')) return text;
  throw unreadable(begins ? `${globalsScript} ends too early` : `pg_dumpall did not write ${globalsScript}`);
}

async function readDatabases(directory: string, manifest: BackupManifest): Promise<readonly Listed[]> {
  const text = (await readSmallPart(directory, manifest, databasesFile)).toString('utf8');
  const listed = read(() => JSON.parse(text) as unknown, databasesFile);
  if (!Array.isArray(listed) || !listed.every(isListed))
    throw unreadable(`${databasesFile}: it is not a list of databases`);
  return listed.map(({ name, sizeBytes }) => ({ name, sizeBytes, file: `${encodeURIComponent(name)}.dump` }));
}

function isListed(value: unknown): value is { readonly name: string; readonly sizeBytes: number } {
  if (typeof value !== 'object' || value === null) return false;
  const { name, sizeBytes } = value as Record<string, unknown>;
  return typeof name === 'string' && name.isWellFormed() && typeof sizeBytes === 'number' && sizeBytes >= 0;
}

function read<Value>(work: () => Value, path: string): Value {
  try {
    return work();
  } catch (thrown) {
    throw unreadable(`${path}: ${messageOf(thrown)}`);
  }
}

function unreadable(reason: string): Error {
  return backupRefused('BACKUP_PART_UNREADABLE', 'postgresql', reason);
}
