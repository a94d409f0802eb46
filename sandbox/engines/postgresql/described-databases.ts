import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { messageOf } from '../../core/errors.ts';
import { backupRefused } from '../backup-files.ts';

/** File of a backup that says which databases are in it. */
export const databasesFile = 'databases.json';

export const globalsFile = 'globals.sql';

/** File of a backup that holds a database; any name of a database gives a name of a file. */
export const archiveOf = (database: string) => `${encodeURIComponent(database)}.dump`;

/** A database as it was when it was backed up. */
export interface DescribedDatabase {
  readonly name: string;
  /** What it took on disk, its indexes included. */
  readonly sizeBytes: number;
}

/** Databases of a server that are ours. `client` is connected to `postgres`. */
export async function ourDatabases(client: Client): Promise<readonly DescribedDatabase[]> {
  const text = await readFile(join(import.meta.dirname, 'queries', 'our-databases.sql'), 'utf8');
  return (await client.query<DescribedDatabase & Record<string, unknown>>(text)).rows;
}

/** Reads {@link databasesFile}. Throws `BACKUP_PART_UNREADABLE`. */
export async function readDescribedDatabases(directory: string): Promise<readonly DescribedDatabase[]> {
  const text = await readFile(join(directory, databasesFile), 'utf8');
  try {
    const read: unknown = JSON.parse(text);
    if (Array.isArray(read) && read.every(isDescribedDatabase)) return read;
    throw new Error('it is not a list of databases');
  } catch (thrown) {
    throw backupRefused('BACKUP_PART_UNREADABLE', 'postgresql', `${databasesFile}: ${messageOf(thrown)}`);
  }
}

function isDescribedDatabase(value: unknown): value is DescribedDatabase {
  if (typeof value !== 'object' || value === null) return false;
  const { name, sizeBytes } = value as Record<string, unknown>;
  return typeof name === 'string' && typeof sizeBytes === 'number';
}
