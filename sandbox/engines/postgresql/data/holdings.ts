import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { type Client, escapeIdentifier, type QueryArrayConfig } from 'pg';
import type { Entities, EntityName } from '../../../../seeds/entities.ts';
import { canonicalJson, type HeldRow, type Holding, rowsLoaded } from '../../contract/data/holdings.ts';
import type { ReachableEngine } from '../../contract/topology.ts';
import { openPrimary } from '../server/connection.ts';
import { vectorField } from './copy-binary.ts';
import { type TableLoad, tableLoads } from './rows.ts';

/** What rows of a table are called, and its key. */
const tables: Readonly<Record<string, Pick<Holding, 'one' | 'many'> & { readonly key: readonly string[] }>> = {
  users: { one: 'user', many: 'users', key: ['id'] },
  user_preferences: { one: 'preference', many: 'preferences', key: ['id'] },
  user_sessions: { one: 'session', many: 'sessions', key: ['id'] },
  user_permissions: { one: 'permission', many: 'permissions', key: ['id'] },
  knowledge_embeddings: { one: 'embedding', many: 'embeddings', key: ['knowledge_id'] },
  user_locations: { one: 'location', many: 'locations', key: ['id'] },
  daily_activity: { one: 'day of activity', many: 'days of activity', key: ['user_id', 'day'] },
};

const jsonColumns = new Set(['metadata', 'preference_value', 'device_info']);

/** Rows that are asked for at once. */
const rowsPerFetch = 2_000;

/** Error codes of the server (PostgreSQL documentation, "PostgreSQL Error Codes"). */
const noSuchDatabase = '3D000';

export const holdings: readonly Holding[] = tableLoads.map((load) => {
  const named = tables[load.table];
  if (named === undefined) throw new Error(`rows of ${load.table} have no name`);
  const { key, ...names } = named;
  return {
    name: load.table,
    ...names,
    countMax: ({ counts }) => counts[load.entity],
    loaded: rowsLoaded(load.entity, (row) => [loadedRow(load, key, row)]),
    held: (running) => rows(running, load, key),
  };
});

function loadedRow(
  { columns, row }: TableLoad<EntityName>,
  key: readonly string[],
  entity: Entities[EntityName],
): HeldRow {
  const values = row(entity as never);
  return heldRow(
    columns,
    key,
    values.map((value, index) => textOf(columns[index] ?? '', value)),
  );
}

function heldRow(columns: readonly string[], key: readonly string[], values: readonly (string | null)[]): HeldRow {
  return {
    key: key.map((name) => values[columns.indexOf(name)]).join(' '),
    value: JSON.stringify(values),
  };
}

/** A value of the dataset as the server writes it, with dates as ISO and times in UTC. */
function textOf(column: string, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Date)
    return value
      .toISOString()
      .replace('T', ' ')
      .replace(/\.?0*Z$/, '+00');
  if (value instanceof Float32Array) return createHash('md5').update(vectorField(value)).digest('hex');
  if (column === 'position') return extendedPoint(String(value));
  return asWritten(column, typeof value === 'object' ? JSON.stringify(value) : String(value));
}

/** A text in the one form that it and all that mean the same have. */
function asWritten(column: string, text: string): string {
  if (jsonColumns.has(column)) return canonicalJson(text);
  // The server leaves zeros out.
  if (column === 'ip_address' && isIPv6(text)) return new URL(`http://[${text}]`).hostname;
  return text;
}

/** Of `SRID=4326;POINT(1 2)`, as PostGIS writes it: extended well-known binary, little-endian, as hexadecimal digits. */
function extendedPoint(text: string): string {
  const [longitude = Number.NaN, latitude = Number.NaN] = (/\((.*)\)/.exec(text)?.[1] ?? '').split(' ').map(Number);
  const bytes = Buffer.alloc(25);
  bytes.writeUInt8(1, 0);
  bytes.writeUInt32LE(0x20000001, 1);
  bytes.writeUInt32LE(4_326, 5);
  bytes.writeDoubleLE(longitude, 9);
  bytes.writeDoubleLE(latitude, 17);
  return bytes.toString('hex').toUpperCase();
}

/** Rows through a cursor, with the platform's columns; one that was dropped is null, and a table that was has no rows. */
async function* rows(
  running: ReachableEngine,
  { database, table, columns }: TableLoad<EntityName>,
  key: readonly string[],
): AsyncGenerator<HeldRow> {
  const opened = await openPrimary(running, { database }).catch((thrown: { readonly code?: string }) => {
    if (thrown.code === noSuchDatabase) return undefined;
    throw thrown;
  });
  if (opened === undefined) return;
  await using connection = opened;
  const { client } = connection;
  const expressions = await expressionsOf(client, table, columns);
  if (expressions === undefined || key.some((name) => expressions[columns.indexOf(name)] === 'NULL')) return;
  const statement = `SELECT ${expressions.join(', ')} FROM ${escapeIdentifier(table)}`;
  await client.query("SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET extra_float_digits = 1");
  await client.query(`BEGIN READ ONLY; DECLARE all_rows NO SCROLL CURSOR FOR ${statement}`);
  for (let hasMore = true; hasMore; ) {
    const fetched = await client.query<(string | null)[]>(asText(`FETCH ${rowsPerFetch} FROM all_rows`));
    for (const values of fetched.rows) {
      const canonical = values.map((value, index) => value && asWritten(columns[index] ?? '', value));
      yield heldRow(columns, key, canonical);
    }
    hasMore = fetched.rows.length === rowsPerFetch;
  }
}

/** How each column is read: vectors by their digest, what is of another type than the schema's as it is. */
async function expressionsOf(
  client: Client,
  table: string,
  columns: readonly string[],
): Promise<readonly string[] | undefined> {
  const there = await client.query<{ name: string; type: string }>(
    `SELECT attname AS name, atttypid::regtype::text AS type FROM pg_attribute
     WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`,
    [escapeIdentifier(table)],
  );
  if (there.rows.length === 0) return undefined;
  const types = new Map(there.rows.map(({ name, type }) => [name, type]));
  return columns.map((name) => {
    const type = types.get(name);
    if (type === undefined) return 'NULL';
    return type === 'vector' ? `md5(vector_send(${escapeIdentifier(name)}))` : escapeIdentifier(name);
  });
}

/** Values as the server writes them, none of them parsed. */
function asText(text: string): QueryArrayConfig {
  return { text, rowMode: 'array', types: { getTypeParser: () => (value: string) => value } as never };
}
