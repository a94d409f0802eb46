import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { sha256Of } from '../../../core/sha256-of.ts';
import { temporaryName } from '../../../core/text/derived-names.ts';
import type { SchemaObject } from '../../contract/schema/schema-gap.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { type DatabaseName, openPrimary } from '../server/connection.ts';

const query = (name: string) => readFile(join(import.meta.dirname, '..', 'queries', name), 'utf8');

/** An object of a database, with the statements that make it. */
export interface DatabaseObject extends SchemaObject {
  /** The order in which they can be made. */
  readonly rank: number;
  readonly creation: string;
  /** Makes one that is there the same. Absent: it is removed and created. */
  readonly change: string | null;
  readonly removal: string | null;
  /** Gives a column its type, which whatever a service has made of the column may not let happen. */
  readonly retyping: string | null;
}

/** Rights that somebody has: more of them than the schema gives are a service's own. */
const kindsOfRights: ReadonlySet<string> = new Set(['grant', 'default privileges']);

/** Whether an object is what the schema makes of it. */
export function isSameObject(wanted: SchemaObject, there: SchemaObject): boolean {
  if (!kindsOfRights.has(wanted.kind)) return wanted.definition === there.definition;
  const granted = new Set(there.definition.split(', '));
  return wanted.definition.split(', ').every((privilege) => granted.has(privilege));
}

/** Objects of the database that `client` is connected to. Statements call it `database`. */
export async function readObjects(client: Client, database: string): Promise<readonly DatabaseObject[]> {
  // Names are shortened by it: another one would give the same object another name.
  await client.query('SET search_path = public');
  const { rows } = await client.query<DatabaseObject>(await query('schema-objects.sql'), [database]);
  return rows;
}

/**
 * What the schema of a database makes, in the order in which it can be made: made from `text` in a database of its own,
 * which is dropped again. Nothing that a service or an archive has written becomes a statement.
 */
export async function objectsOfText(
  running: RunningEngine,
  database: DatabaseName,
  text: string,
): Promise<readonly DatabaseObject[]> {
  await using admin = await openPrimary(running, { database: 'postgres' });
  const name = temporaryName();
  await admin.client.query(`CREATE DATABASE ${name} TEMPLATE template0`);
  try {
    // What a killed run leaves is told by this, and removed as the rest of its kind.
    await admin.client.query(`ALTER DATABASE ${name} SET taishang_sandbox.copy_name TO '${name}'`);
    await using opened = await openPrimary(running, { database: name });
    // Its rights on the database are those on this one.
    await opened.client.query(text.replaceAll(`ON DATABASE ${database} `, `ON DATABASE ${name} `));
    return await readObjects(opened.client, database);
  } finally {
    await admin.client.query(`DROP DATABASE ${name} WITH (FORCE)`);
  }
}

/** Keeps the text that a database is made from, if it is not kept yet. */
export async function recordText(client: Client, database: DatabaseName, text: string): Promise<void> {
  await client.query(await readFile(join(import.meta.dirname, 'record.sql'), 'utf8'));
  const values = [`${database}.sql`, text];
  await client.query('INSERT INTO sandbox.applied (file, definition) VALUES ($1, $2) ON CONFLICT DO NOTHING', values);
}

/** Keeps what the database holds right after its schema was applied to an empty one. */
export async function recordObjects(client: Client, text: string, objects: readonly SchemaObject[]): Promise<void> {
  await client.query(await query('make-record.sql'));
  await client.query(
    `INSERT INTO sandbox.objects (basis, kind, name, part_of, definition)
     SELECT $1, o->>'kind', o->>'name', o->>'partOf', o->>'definition' FROM jsonb_array_elements($2::jsonb) o`,
    [await basisOf(client, text), JSON.stringify(objects)],
  );
}

/** The objects that were recorded; `undefined` where none were, or from another text, by another query or server. */
export async function recordedObjects(client: Client, text: string): Promise<readonly SchemaObject[] | undefined> {
  const { rows: found } = await client.query<{ table: string | null }>(
    "SELECT to_regclass('sandbox.objects') AS table",
  );
  if (found[0]?.table === null) return undefined;
  const { rows } = await client.query<SchemaObject>(
    'SELECT kind, name, part_of AS "partOf", definition FROM sandbox.objects WHERE basis = $1',
    [await basisOf(client, text)],
  );
  return rows.length === 0 ? undefined : rows;
}

/** Servers of two versions may write the same definition in two ways. */
async function basisOf(client: Client, text: string): Promise<string> {
  const { rows } = await client.query<{ version: string }>(
    "SELECT current_setting('server_version_num')::integer / 10000 AS version",
  );
  const parts = [text, await query('schema-objects.sql'), String(rows[0]?.version)];
  return sha256Of(JSON.stringify(parts));
}
