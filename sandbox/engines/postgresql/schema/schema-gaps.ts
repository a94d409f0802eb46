import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { gapsBetween, type SchemaGap, type SchemaObject } from '../../contract/schema/schema-gap.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { primaryFirst } from '../../shared/server/primary-first.ts';
import { type DatabaseName, databases, openPrimary } from '../server/connection.ts';
import { inTransaction } from '../server/in-transaction.ts';
import { isSameObject, objectsOfText, readObjects, recordedObjects, recordObjects } from './schema-objects.ts';

const schemaDirectory = import.meta.dirname;

/**
 * Roles, databases and everything in them, held against what was recorded when the schema was applied. Without such a
 * record (a stack of an earlier release, a restored archive) it is made now, from the schema's files.
 */
export async function schemaGaps(running: RunningEngine): Promise<readonly SchemaGap[]> {
  const ordered = await primaryFirst(running, async () =>
    (await import('../failover/rejoin.ts')).currentPrimary(running, running.nodes),
  );
  await using admin = await openPrimary(ordered, { database: 'postgres' });
  const roles = await gapsOfRoles(admin.client);
  const { rows } = await admin.client.query<{ datname: string }>('SELECT datname FROM pg_database');
  const there = new Set(rows.map(({ datname }) => datname));
  const ofDatabases = await Promise.all(
    databases.map((database) =>
      there.has(database)
        ? gapsOfDatabase(ordered, database)
        : [{ kind: 'database', name: database, what: 'missing' } as const],
    ),
  );
  return [...roles, ...ofDatabases.flat()];
}

/** What a database lacks of the schema of `database`; `name` is what it is called by itself. Default: the same. */
export async function gapsOfDatabase(
  running: RunningEngine,
  database: DatabaseName,
  name: string = database,
): Promise<readonly SchemaGap[]> {
  const text = await readFile(join(schemaDirectory, `${database}.sql`), 'utf8');
  await using opened = await openPrimary(running, { database: name });
  const { client } = opened;
  const wanted = (await recordedObjects(client, text)) ?? (await recordNow(running, client, { database, text }));
  const gaps = gapsBetween(wanted, await readObjects(client, database), { place: database, isSame: isSameObject });
  return [...(await missingRecords(client)), ...gaps].map((gap) => ({ place: database, ...gap }));
}

/** Our own records of what was applied and loaded. */
async function missingRecords(client: Client): Promise<readonly SchemaGap[]> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT name FROM unnest(ARRAY['sandbox.applied', 'sandbox.dataset']) name WHERE to_regclass(name) IS NULL",
  );
  return rows.map(({ name }) => ({ kind: 'table', name, what: 'missing' }));
}

async function recordNow(
  running: RunningEngine,
  client: Client,
  { database, text }: { readonly database: DatabaseName; readonly text: string },
): Promise<readonly SchemaObject[]> {
  const objects = await objectsOfText(running, database, text);
  const { rows } = await client.query<{ schema: string | null }>("SELECT to_regnamespace('sandbox') AS schema");
  if (rows[0]?.schema !== null) await inTransaction(client, () => recordObjects(client, text, objects));
  return objects;
}

/** What `CREATE ROLE` of the schema's file gives, and what may take it away. */
export async function gapsOfRoles(client: Client): Promise<readonly SchemaGap[]> {
  const text = await readFile(join(schemaDirectory, 'roles.sql'), 'utf8');
  const wanted = [...text.matchAll(/^CREATE ROLE (\w+) ([^;]*);/gm)].map(([, name = '', rights = '']) => ({
    kind: 'role',
    name,
    definition: rights.split(' ').toSorted().join(' '),
  }));
  const { rows } = await client.query<SchemaObject>(
    `SELECT 'role' AS kind, rolname::text AS name, concat_ws(' ',
       CASE WHEN rolcanlogin AND coalesce(rolvaliduntil > now(), true) AND rolconnlimit <> 0 THEN 'LOGIN' END,
       CASE WHEN rolreplication THEN 'REPLICATION' END) AS definition
     FROM pg_roles`,
  );
  // More than the schema gives is a service's own.
  const isSame = (role: SchemaObject, there: SchemaObject) =>
    role.definition.split(' ').every((right) => there.definition.split(' ').includes(right));
  return gapsBetween(wanted, rows, { isSame });
}
