import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, DatabaseError } from 'pg';
import { messageOf } from '../../../core/errors.ts';
import { runConcurrently } from '../../../core/run-concurrently.ts';
import type { SchemaOptions, SchemaReport } from '../../contract/schema.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { schemaDifferent, schemaFailed } from '../../shared/load/schema-errors.ts';
import { forgetFingerprint, loadedFingerprint } from '../data/load.ts';
import { tableLoads } from '../data/rows.ts';
import { type DatabaseName, databases, openPrimary } from '../server/connection.ts';
import { inTransaction } from '../server/in-transaction.ts';
import { lineAt, lineOf } from '../server/line-of-error.ts';
import { scramVerifier } from '../server/scram.ts';
import { MadeAnewBetter, repairDatabase, StillLacking } from './repair-schema.ts';
import { gapsOfRoles } from './schema-gaps.ts';
import { readObjects, recordObjects, recordText } from './schema-objects.ts';

const schemaDirectory = import.meta.dirname;
const roles = ['taishang_user', 'taishang_ai_user', 'taishang_analytics_user', 'replicator'] as const;

/**
 * Applies roles, then the four databases side by side, each in one transaction with a record of its text.
 * Throws `SCHEMA_DIFFERENT` where a database was made from another text and `reset` is false, and `SCHEMA_FAILED` with
 * file, line and the server's message. With `reset` such a database is dropped and made anew; one that lacks objects of
 * its schema gets them, and keeps a service's own, unless these leave no way but to make it anew.
 * `directory` holds the files; default: the platform's own.
 */
export async function applySchema(
  running: RunningEngine,
  { reset, keep = false, directory = schemaDirectory }: SchemaOptions,
): Promise<SchemaReport> {
  await using opened = await openPrimary(running, { database: 'postgres' });
  const created = keep && !reset ? [] : await createRoles(opened.client, { directory, reset });
  await setPasswords(opened.client, running);
  const wasLoaded = reset && (await wasSeeded(running));
  const apply = (database: DatabaseName) => applyDatabase(running, database, { reset, keep, directory, wasLoaded });
  // The record of what was loaded is in one of them: it must not be made anew while another forgets it.
  const results = reset ? await inTurns(databases, apply) : await runConcurrently(databases, apply);
  const untouched = results.filter((applied) => applied.length === 0).length;
  return {
    applied: [...created.map((role) => `role ${role}`), ...results.flat()],
    alreadyPresent: roles.length - created.length + untouched,
  };
}

/** Whether a dataset was loaded. Where that cannot be told, because a part of the schema is missing, none was. */
async function wasSeeded(running: RunningEngine): Promise<boolean> {
  const fingerprint = await loadedFingerprint(running).catch((thrown) => {
    if (thrown instanceof DatabaseError) return undefined;
    throw thrown;
  });
  return fingerprint !== undefined;
}

async function inTurns<Item, Value>(
  items: readonly Item[],
  work: (item: Item) => Promise<Value>,
): Promise<readonly Value[]> {
  const values: Value[] = [];
  for (const item of items) values.push(await work(item));
  return values;
}

/** One role a statement: those that are there stay as they are, or with `reset` get back what may have been taken. */
export async function createRoles(
  client: Client,
  { directory, reset }: Pick<Required<SchemaOptions>, 'directory' | 'reset'>,
): Promise<readonly string[]> {
  const file = join(directory, 'roles.sql');
  const text = await readFile(file, 'utf8');
  const { rows } = await client.query<{ rolname: string; expired: boolean }>(
    'SELECT rolname, coalesce(rolvaliduntil <= now(), false) AS expired FROM pg_roles',
  );
  const there = new Map(rows.map((row) => [row.rolname, row]));
  const lacking = reset ? (await gapsOfRoles(client)).map(({ name }) => name) : [];
  for (const role of roles) {
    if (there.has(role) && !lacking.includes(role)) continue;
    const [statement, rights] = new RegExp(`^CREATE ROLE ${role}\\b([^;]*);`, 'm').exec(text) ?? [];
    if (statement === undefined) throw schemaFailed('postgresql', file, `it does not create the role ${role}`);
    const valid = there.get(role)?.expired ? " VALID UNTIL 'infinity'" : '';
    const again = `ALTER ROLE ${role} ${rights} CONNECTION LIMIT -1${valid}`;
    await client.query(there.has(role) ? again : statement).catch((thrown) => {
      throw schemaFailed(
        'postgresql',
        `${file}:${lineAt(text.slice(0, text.indexOf(statement)))}`,
        messageOf(thrown),
        thrown,
      );
    });
  }
  return roles.filter((role) => !there.has(role));
}

/** Gives each role that is there the stack's own password: also after a restore, which brings those of another stack. */
export async function setPasswords(client: Client, { secrets }: Pick<RunningEngine, 'secrets'>): Promise<void> {
  const { rows } = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles');
  const there = new Set(rows.map((row) => row.rolname));
  for (const role of roles.filter((name) => there.has(name))) {
    await client.query(`ALTER ROLE ${role} PASSWORD '${scramVerifier(secrets[role] ?? '')}'`);
  }
}

/** Returns the names of what was applied: of the file, or of the objects that it lacked. */
async function applyDatabase(
  running: RunningEngine,
  database: DatabaseName,
  { reset, keep, directory, wasLoaded }: Required<SchemaOptions> & { readonly wasLoaded: boolean },
): Promise<readonly string[]> {
  const file = join(directory, `${database}.sql`);
  const wanted = await readFile(file, 'utf8');
  await using admin = await openPrimary(running, { database: 'postgres' });
  if (await databaseExists(admin.client, database)) {
    const applied = await appliedText(running, database);
    // Without a record, in a database of a start that was finished, somebody has removed it.
    if (applied === wanted || (applied === undefined && keep)) {
      const repaired = reset ? await repairedBeside(running, database, { text: wanted, wasLoaded }) : [];
      if (repaired !== undefined) return applied === undefined && reset ? ['records', ...repaired] : repaired;
    }
    // A database without a record is what a start that was killed has left: nothing is in it.
    if (applied !== undefined && !reset)
      throw schemaDifferent('postgresql', `The database ${database}`, { file, there: applied, wanted });
    // Its rows go now: whatever happens next, nobody may take the dataset for loaded.
    if (wasLoaded) await forgetFingerprint(running);
    await admin.client.query(`DROP DATABASE ${database} WITH (FORCE)`);
  } else if (keep && !reset) return [];
  await admin.client.query(`CREATE DATABASE ${database}`);
  await using opened = await openPrimary(running, { database });
  await inTransaction(opened.client, async () => {
    await recordText(opened.client, database, wanted);
    await opened.client.query(wanted).catch((thrown) => {
      const line = lineOf(thrown, wanted);
      throw schemaFailed('postgresql', `${file}${line === undefined ? '' : `:${line}`}`, messageOf(thrown), thrown);
    });
    await recordObjects(opened.client, wanted, await readObjects(opened.client, database));
  });
  return [`${database}.sql`];
}

/** What was made again beside a service's own objects; `undefined` where they leave no other way than a new database. */
async function repairedBeside(
  running: RunningEngine,
  database: DatabaseName,
  options: { readonly text: string; readonly wasLoaded: boolean },
): Promise<readonly string[] | undefined> {
  const repaired = await repairDatabase(running, database, options).catch((thrown) => {
    if ([DatabaseError, StillLacking, MadeAnewBetter].some((kind) => thrown instanceof kind)) return undefined;
    throw thrown;
  });
  return repaired !== undefined && (await takesRows(running, database)) ? repaired : undefined;
}

/** Whether the tables of the dataset take its rows: a service may have added a column that each row must fill. */
async function takesRows(running: RunningEngine, database: DatabaseName): Promise<boolean> {
  await using opened = await openPrimary(running, { database });
  for (const { table, columns } of tableLoads.filter((load) => load.database === database)) {
    const { rows } = await opened.client.query<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
         AND attnotnull AND NOT atthasdef AND attidentity = ''`,
      [table],
    );
    if (rows.some(({ name }) => !columns.includes(name))) return false;
  }
  return true;
}

export async function databaseExists(client: Client, database: string): Promise<boolean> {
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
