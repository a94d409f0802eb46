import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, DatabaseError } from 'pg';
import { messageOf } from '../../core/errors.ts';
import type { SchemaOptions, SchemaReport } from '../engine.ts';
import { schemaDifferent, schemaFailed } from '../schema-errors.ts';
import type { RunningEngine } from '../topology.ts';
import { type DatabaseName, databases, openPrimary } from './connection.ts';
import { tableLoads } from './rows.ts';
import { scramVerifier } from './scram.ts';

const schemaDirectory = join(import.meta.dirname, 'schema');
const roles = ['taishang_user', 'taishang_ai_user', 'taishang_analytics_user', 'replicator'] as const;

/**
 * Applies roles, then the four databases side by side, each in one transaction with a record of its text.
 * Throws `SCHEMA_DIFFERENT` where a database was made from another text and `reset` is false (with it the database is
 * dropped and made anew, as is one that has lost a table or column of the dataset), and `SCHEMA_FAILED` with file, line and the server's message.
 * `directory` holds the files; default: the platform's own.
 */
export async function applySchema(
  running: RunningEngine,
  { reset, directory = schemaDirectory }: SchemaOptions,
): Promise<SchemaReport> {
  await using opened = await openPrimary(running, { database: 'postgres' });
  const created = await createRoles(opened.client, directory);
  await setPasswords(opened.client, running);
  const results = await Promise.all(
    databases.map((database) => applyDatabase(running, database, { reset, directory })),
  );
  const applied = databases.filter((_, index) => results[index]);
  return {
    applied: [...created.map((role) => `role ${role}`), ...applied.map((database) => `${database}.sql`)],
    alreadyPresent: roles.length - created.length + databases.length - applied.length,
  };
}

/** One role a statement: those that are there stay as they are. */
async function createRoles(client: Client, directory: string): Promise<readonly string[]> {
  const file = join(directory, 'roles.sql');
  const text = await readFile(file, 'utf8');
  const { rows } = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles');
  const there = new Set(rows.map((row) => row.rolname));
  const missing = roles.filter((role) => !there.has(role));
  for (const role of missing) {
    const statement = new RegExp(`^CREATE ROLE ${role}\\b[^;]*;`, 'm').exec(text)?.[0];
    if (statement === undefined) throw schemaFailed('postgresql', file, `it does not create the role ${role}`);
    await client.query(statement).catch((thrown) => {
      throw schemaFailed('postgresql', `${file}:${lineAt(text, text.indexOf(statement))}`, messageOf(thrown), thrown);
    });
  }
  return missing;
}

/** Gives each role that is there the stack's own password: also after a restore, which brings those of another stack. */
export async function setPasswords(client: Client, { secrets }: Pick<RunningEngine, 'secrets'>): Promise<void> {
  const { rows } = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles');
  const there = new Set(rows.map((row) => row.rolname));
  for (const role of roles.filter((name) => there.has(name))) {
    await client.query(`ALTER ROLE ${role} PASSWORD '${scramVerifier(secrets[role] ?? '')}'`);
  }
}

/** Returns whether anything was applied. */
async function applyDatabase(
  running: RunningEngine,
  database: DatabaseName,
  { reset, directory }: { readonly reset: boolean; readonly directory: string },
): Promise<boolean> {
  const file = join(directory, `${database}.sql`);
  const wanted = await readFile(file, 'utf8');
  await using admin = await openPrimary(running, { database: 'postgres' });
  if (await databaseExists(admin.client, database)) {
    const applied = await appliedText(running, database);
    if (applied === wanted && (!reset || (await hasTables(running, database)))) return false;
    // A database without a record is what a start that was killed has left: nothing is in it.
    if (applied !== undefined && !reset)
      throw schemaDifferent('postgresql', `The database ${database}`, { file, there: applied, wanted });
    await admin.client.query(`DROP DATABASE ${database} WITH (FORCE)`);
  }
  await admin.client.query(`CREATE DATABASE ${database}`);
  await using opened = await openPrimary(running, { database });
  await inTransaction(opened.client, async () => {
    await opened.client.query(await readFile(join(schemaDirectory, 'record.sql'), 'utf8'));
    await opened.client.query(wanted).catch((thrown) => {
      throw schemaFailed('postgresql', `${file}${lineOf(thrown, wanted)}`, messageOf(thrown), thrown);
    });
    await opened.client.query('INSERT INTO sandbox.applied (file, definition) VALUES ($1, $2)', [
      `${database}.sql`,
      wanted,
    ]);
  });
  return true;
}

/** Whether the tables of the dataset can take its rows: a service may have dropped or changed some. */
async function hasTables(running: RunningEngine, database: DatabaseName): Promise<boolean> {
  await using opened = await openPrimary(running, { database });
  for (const { table, columns } of tableLoads.filter((load) => load.database === database)) {
    const { rows } = await opened.client.query<{ name: string; isNeeded: boolean }>(
      `SELECT attname AS name, attnotnull AND NOT atthasdef AND attidentity = '' AS "isNeeded" FROM pg_attribute
       WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`,
      [table],
    );
    if (!columns.every((column) => rows.some(({ name }) => name === column))) return false;
    if (rows.some(({ name, isNeeded }) => isNeeded && !columns.includes(name))) return false;
  }
  return true;
}

async function databaseExists(client: Client, database: string): Promise<boolean> {
  const { rows } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
  return rows.length > 0;
}

/** Text that a database was made from, if it is known. */
async function appliedText(running: RunningEngine, database: DatabaseName): Promise<string | undefined> {
  await using opened = await openPrimary(running, { database });
  const { rows: tables } = await opened.client.query<{ found: string | null }>(
    "SELECT to_regclass('sandbox.applied') AS found",
  );
  if (tables[0]?.found === null) return undefined;
  const { rows } = await opened.client.query<{ definition: string }>(
    'SELECT definition FROM sandbox.applied WHERE file = $1',
    [`${database}.sql`],
  );
  return rows[0]?.definition;
}

/** Commits what `work` did, or takes all of it back. */
export async function inTransaction<Value>(client: Client, work: () => Promise<Value>): Promise<Value> {
  await client.query('BEGIN');
  try {
    const value = await work();
    await client.query('COMMIT');
    return value;
  } catch (thrown) {
    await client.query('ROLLBACK').catch(() => {});
    throw thrown;
  }
}

/** `:<line>`, where the server says how many characters of what it was sent come before the error. */
function lineOf(thrown: unknown, text: string): string {
  const position = thrown instanceof DatabaseError ? thrown.position : undefined;
  return position === undefined ? '' : `:${lineAt(text, Number(position) - 1)}`;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
