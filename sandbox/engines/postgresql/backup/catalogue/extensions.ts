import type { Client } from 'pg';
import { identifier, literal } from '../../server/statements.ts';
import type { Extension } from './catalogue.ts';

/**
 * Extensions beside those that PostgreSQL itself calls trusted which give a database's owner nothing outside of it.
 * Others reach files, memory or other servers.
 */
const harmless = new Set([
  'address_standardizer',
  'address_standardizer_data_us',
  'amcheck',
  'autoinc',
  'bloom',
  'dict_xsyn',
  'earthdistance',
  'insert_username',
  'intagg',
  'moddatetime',
  'pg_buffercache',
  'pg_freespacemap',
  'pg_stat_statements',
  'pg_visibility',
  'pgrowlocks',
  'pgstattuple',
  'postgis',
  'postgis_raster',
  'postgis_sfcgal',
  'postgis_tiger_geocoder',
  'postgis_topology',
  'refint',
  'tcn',
  'vector',
]);

interface Available {
  readonly name: string;
  readonly trusted: boolean;
  readonly versions: readonly string[];
}

export async function availableExtensions(client: Client): Promise<ReadonlyMap<string, Available>> {
  const { rows } = await client.query<Available & Record<string, unknown>>(
    `SELECT name, bool_or(trusted) AS trusted, array_agg(version) AS versions
     FROM pg_catalog.pg_available_extension_versions GROUP BY name`,
  );
  return new Map(rows.map((row) => [row.name, row]));
}

/** Why an extension is not made beside live data; `undefined` where it is. */
export function extensionRefusal({ name }: Extension, available: ReadonlyMap<string, Available>): string | undefined {
  const found = available.get(name);
  if (found === undefined) return 'this server does not have it';
  return found.trusted || harmless.has(name) ? undefined : 'it reaches beyond its database';
}

/** The extensions of a database as ours to make, with what they need; those that came with it and are not wanted go. */
export async function makeExtensions(client: Client, extensions: readonly Extension[]): Promise<void> {
  const available = await availableExtensions(client);
  const { rows } = await client.query<{ name: string }>('SELECT extname AS name FROM pg_catalog.pg_extension');
  const there = new Set(rows.map(({ name }) => name));
  const wanted = new Set(extensions.map(({ name }) => name));
  for (const name of there) if (!wanted.has(name)) await client.query(`DROP EXTENSION ${identifier(name)}`);
  for (const { name, version, schema } of extensions.filter((each) => !there.has(each.name))) {
    const hasVersion = available.get(name)?.versions.includes(version);
    const inSchema = schema === 'pg_catalog' ? '' : ` SCHEMA ${identifier(schema)}`;
    // An extension that makes its own schema brings it; others find it.
    await client.query(
      `CREATE EXTENSION ${identifier(name)}${(await schemaIsThere(client, schema)) ? inSchema : ''}` +
        `${hasVersion === true ? ` VERSION ${literal(version)}` : ''}`,
    );
  }
}

async function schemaIsThere(client: Client, schema: string): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1', [schema]);
  return rowCount === 1;
}

/** Lets a role fill the tables in which extensions keep what users add; `DROP OWNED` takes that back. */
export async function openExtensionTables(client: Client, role: string): Promise<void> {
  const { rows } = await client.query<{ name: string; kind: string }>(
    `SELECT c.oid::pg_catalog.regclass::text AS name, c.relkind AS kind
     FROM pg_catalog.pg_extension, unnest(extconfig) AS t (oid) JOIN pg_catalog.pg_class c ON c.oid = t.oid`,
  );
  for (const { name, kind } of rows) {
    const rights = kind === 'S' ? 'SELECT, UPDATE ON SEQUENCE' : 'SELECT, INSERT ON TABLE';
    await client.query(`GRANT ${rights} ${name} TO ${identifier(role)}`);
  }
}
