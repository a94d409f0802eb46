import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import type { Fingerprint, RunningEngine } from '../engine.ts';
import { databases, openPrimary } from './connection.ts';

const query = (name: string) => readFile(join(import.meta.dirname, 'queries', name), 'utf8');

/**
 * The same data means: the same rows in every table of ours, whatever their order on disk; the same catalogue
 * (columns, constraints, indexes, triggers, functions, sequences, extensions, rights); and the same roles.
 */
export async function fingerprint(running: RunningEngine): Promise<Fingerprint> {
  const [roles, ...perDatabase] = await Promise.all([
    hashOfRoles(running),
    ...databases.map((database) => partsOf(running, database)),
  ]);
  return { parts: Object.assign({ roles }, ...perDatabase) };
}

async function partsOf(running: RunningEngine, database: string): Promise<Record<string, string>> {
  await using opened = await openPrimary(running, { database });
  const { client } = opened;
  const parts: Record<string, string> = {
    [`${database} catalogue`]: await hashOfLines(client, 'fingerprint-catalogue.sql'),
  };
  const tables = await client.query<{ schema: string; name: string }>(await query('fingerprint-tables.sql'));
  for (const { schema, name } of tables.rows) {
    parts[`${database}.${schema}.${name}`] = await hashOfTable(client, schema, name);
  }
  return parts;
}

/** Rows by their own hash: their order on disk is not part of the data, a row that is there twice is. */
async function hashOfTable(client: Client, schema: string, name: string): Promise<string> {
  const table = `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(name)}`;
  const { rows } = await client.query<{ hash: string }>(
    `SELECT encode(sha256(convert_to(count(*) || coalesce(string_agg(h, '' ORDER BY h), ''), 'UTF8')), 'hex') AS hash
     FROM (SELECT md5(t::text) AS h FROM ${table} t) AS hashed`,
  );
  return rows[0]?.hash ?? '';
}

async function hashOfRoles(running: RunningEngine): Promise<string> {
  await using opened = await openPrimary(running, { database: 'postgres' });
  // Awaited here: the connection ends with this function.
  return await hashOfLines(opened.client, 'fingerprint-roles.sql');
}

async function hashOfLines(client: Client, file: string): Promise<string> {
  const { rows } = await client.query<{ line: string }>(await query(file));
  return createHash('sha256')
    .update(rows.map(({ line }) => line).join('\n'))
    .digest('hex');
}
