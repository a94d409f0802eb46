import { Ajv } from 'ajv';
import type { Client } from 'pg';
import { messageOf } from '../../../../core/errors.ts';
import type { BackupManifest } from '../../../contract/backup.ts';
import { backupRefused } from '../../../shared/backup/backup-files.ts';
import { readSmallPart } from '../../../shared/backup/small-part.ts';
import { nameBytesMax } from '../../server/statements.ts';
import document from './catalogue.schema.json' with { type: 'json' };
import type { Catalogue, CataloguedDatabase, Content, OwnedObject } from './catalogue.ts';
import { query } from './described-databases.ts';

/** File of a backup with roles, memberships, settings, tablespaces and rights on settings. */
export const globalsFile = 'globals.json';

/** File of a backup with its databases, each with its file and who owns what in it. */
export const databasesFile = 'databases.json';

/** Catalogue of a server; what databases hold is in no file yet. `client` is connected to `postgres`. */
export async function readServer(client: Client, databases: readonly string[]): Promise<Catalogue> {
  const text = await query('catalogue-server.sql');
  const { rows } = await client.query<{ catalogue: Catalogue }>(text, [databases]);
  const catalogue = rows[0]?.catalogue;
  if (catalogue === undefined) throw new Error('the server does not describe itself');
  return { ...catalogue, databases: catalogue.databases.map((database) => ({ ...database, file: null })) };
}

/** An object as a statement names it. */
export type FoundObject = OwnedObject & { readonly identity: string; readonly follows: boolean };

export interface FoundContent extends Content {
  readonly objects: readonly FoundObject[];
}

/** Owners and rights in the database that `client` is connected to; `everything`: also those as they came. */
export async function readContent(client: Client, everything = false): Promise<FoundContent> {
  // Where names are looked up decides how the server writes them.
  await client.query("SET search_path = ''");
  const { rows } = await client.query<{ catalogue: FoundContent }>(await query('catalogue-database.sql'), [everything]);
  const content = rows[0]?.catalogue;
  if (content === undefined) throw new Error('the database does not describe itself');
  return content;
}

const ajv = new Ajv({ strict: false });
ajv.addSchema(document, 'catalogue');

/** Reads {@link globalsFile} and {@link databasesFile}. Throws `BACKUP_PART_UNREADABLE` where they are not what we write. */
export async function readCatalogueFiles(directory: string, manifest: BackupManifest): Promise<Catalogue> {
  const globals = await readJson(directory, manifest, globalsFile);
  const databases = await readJson(directory, manifest, databasesFile);
  const read: unknown = { ...(typeof globals === 'object' ? globals : {}), databases };
  return requireCatalogue(read, `${globalsFile} and ${databasesFile}`);
}

/** Throws `BACKUP_PART_UNREADABLE` where a value is no catalogue, or one that contradicts itself. */
export function requireCatalogue(read: unknown, where: string): Catalogue {
  if (!ajv.validate('catalogue#/definitions/catalogue', read)) {
    throw unreadable(`${where}: ${ajv.errorsText(ajv.errors, { dataVar: 'catalogue' }).slice(0, 300)}`);
  }
  const catalogue = read as Catalogue;
  const roles = catalogue.roles.map(({ name }) => name);
  const databases = catalogue.databases.map(({ name }) => name);
  const files = catalogue.databases.flatMap(({ file }) => (file === null ? [] : [file.toLowerCase()]));
  for (const names of [roles, databases, files]) {
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw unreadable(`${where}: ${JSON.stringify(twice)} is named twice`);
  }
  const long = [...roles, ...databases].find((name) => Buffer.byteLength(name) > nameBytesMax);
  if (long !== undefined) throw unreadable(`${where}: ${JSON.stringify(long)} is longer than ${nameBytesMax} bytes`);
  if (databases.includes('template0')) throw unreadable(`${where}: template0 is in no backup`);
  return catalogue;
}

async function readJson(directory: string, manifest: BackupManifest, path: string): Promise<unknown> {
  const bytes = await readSmallPart(directory, manifest, path);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (thrown) {
    throw unreadable(`${path}: ${messageOf(thrown)}`);
  }
}

function unreadable(reason: string): Error {
  return backupRefused('BACKUP_PART_UNREADABLE', 'postgresql', reason);
}

/**
 * Name of the file for each database: its own where that is short and plain, a number where not, so that names in an
 * archive do not grow with the user's, nor differ only in case.
 */
export function fileNames(databases: readonly CataloguedDatabase[]): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  return new Map(
    databases.map(({ name }, index) => {
      const isPlain = /^[A-Za-z0-9_]{1,40}$/.test(name) && !taken.has(name.toLowerCase());
      const file = isPlain ? name : `database-${index + 1}`;
      taken.add(file.toLowerCase());
      return [name, `${file}.dump`];
    }),
  );
}
