import { type Client, escapeIdentifier } from 'pg';
import { sha256Of } from '../../../core/sha256-of.ts';
import type { Fingerprint } from '../../contract/data.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { openPrimary } from '../server/connection.ts';
import { type FoundDatabase, ourDatabases, query } from './catalogue/described-databases.ts';
import { withConnectable } from './catalogue/unconnectable.ts';

/**
 * The same data means: the same databases; in each the same rows in every table of ours, whatever their order on disk,
 * and the same catalogue, kind by kind; sequences that go on beyond what is there, wherever they stand; and the same
 * roles with their rights and settings. Passwords are the stack's own and no part of it; nor are settings of the server
 * itself (`ALTER SYSTEM`), which belong to its topology.
 */
export async function fingerprint(running: RunningEngine): Promise<Fingerprint> {
  const [roles, found] = await inPostgres(running);
  const perDatabase = await Promise.all(
    found.map(({ name, allowsConnections }) =>
      withConnectable(running, { name, allowConnections: allowsConnections }, (source) =>
        partsOfDatabase(running, source, name, name),
      ),
    ),
  );
  return { parts: Object.assign({ roles }, ...perDatabase) };
}

async function inPostgres(running: RunningEngine): Promise<[roles: string, found: readonly FoundDatabase[]]> {
  await using opened = await openPrimary(running, { database: 'postgres' });
  const lines = await linesOf(opened.client, 'fingerprint-roles.sql');
  return [hashOf(lines.map(({ line }) => line)), await ourDatabases(running, opened.client)];
}

/**
 * Parts of one database. `label` stands for its name in theirs, to compare a copy under another name; `outside` is the
 * name of the database whose owner, rights and settings count.
 */
export async function partsOfDatabase(
  running: RunningEngine,
  database: string,
  label = database,
  outside = database,
): Promise<Record<string, string>> {
  await using opened = await openPrimary(running, { database });
  const { client } = opened;
  // What a database or a role sets must not change how values are written.
  await client.query(
    "SET datestyle = 'ISO'; SET intervalstyle = 'postgres'; SET timezone = 'UTC'; SET bytea_output = 'hex'; " +
      "SET extra_float_digits = 1; SET search_path = ''",
  );
  const parts: Record<string, string> = {};
  const lines = [
    ...(await linesOf(client, 'fingerprint-catalogue.sql', [outside])),
    ...(await sequencesBehind(client)),
  ];
  for (const [kind, ofKind] of Map.groupBy(lines, (each) => each.kind)) {
    parts[`${label} ${kind}`] = hashOf(ofKind.map(({ line }) => line));
  }
  const tables = await client.query<{ schema: string; name: string }>(await query('fingerprint-tables.sql'));
  for (const { schema, name } of tables.rows) {
    parts[`${label}.${schema}.${name}`] = await hashOfTable(client, schema, name);
  }
  return parts;
}

interface Line {
  readonly kind: string;
  readonly line: string;
}

async function linesOf(client: Client, file: string, values: readonly string[] = []): Promise<readonly Line[]> {
  return (await client.query<{ kind: string; line: string }>(await query(file), [...values])).rows;
}

/**
 * Sequences whose next value is there already, in a column that takes its values from them. Where they stand is no part
 * of the data: the log writes them ahead (by 32 values, `SEQ_LOG_VALS` of the server's sequence.c).
 */
async function sequencesBehind(client: Client): Promise<readonly Line[]> {
  const uses = await client.query<{ sequence: string; table: string; column: string; ascending: boolean }>(
    await query('fingerprint-sequences.sql'),
  );
  const lines: Line[] = [];
  for (const { sequence, table, column, ascending } of uses.rows) {
    const [extreme, before] = ascending ? ['max', '>'] : ['min', '<'];
    const { rows } = await client.query<{ beyond: boolean }>(
      `SELECT coalesce(s.last_value + CASE WHEN s.is_called THEN d.seqincrement ELSE 0 END ${before} t.extreme, true) AS beyond
       FROM ${sequence} s, pg_catalog.pg_sequence d, (SELECT ${extreme}(${escapeIdentifier(column)}) AS extreme FROM ${table}) t
       WHERE d.seqrelid = $1::pg_catalog.regclass`,
      [sequence],
    );
    lines.push({ kind: 'sequences', line: `${sequence} beyond ${table}.${column}: ${rows[0]?.beyond}` });
  }
  return lines;
}

/** Rows by their own hash: their order on disk is not part of the data, a row that is there twice is. */
async function hashOfTable(client: Client, schema: string, name: string): Promise<string> {
  const table = `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;
  const { rows } = await client.query<{ hash: string }>(
    `SELECT encode(sha256(convert_to(count(*) || coalesce(string_agg(h, '' ORDER BY h COLLATE "C"), ''), 'UTF8')), 'hex')
            AS hash
     FROM (SELECT md5(t::text) AS h FROM ${table} t) AS hashed`,
  );
  return rows[0]?.hash ?? '';
}

function hashOf(lines: readonly string[]): string {
  return sha256Of(lines.toSorted().join('\n'));
}
