import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { checked, execInNode } from '../../../containers/runtime/exec.ts';
import { runConcurrently } from '../../../core/run-concurrently.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import type { CataloguedDatabase } from '../backup/catalogue/catalogue.ts';
import { createDatabase } from '../schema/create-database.ts';
import { type DatabaseName, databases } from '../server/connection.ts';
import { connectionString, identifier, literal } from '../server/statements.ts';
import { type Content, contentOf, keyOf } from './content.ts';
import { templateOwner, templateOwnerMark } from './marks.ts';

/** What clones of one database are made from. */
export interface Template {
  readonly database: DatabaseName;
  /** Name of the template: it has the key of its content. */
  readonly name: string;
  readonly content: Content;
}

/** First half of the key of our advisory locks: "ts" and "tm" in ASCII, to stay clear of a service's own. */
const lockClass = 0x74_73_74_6d;

/** Lock of everybody who makes or removes a template of any content; the second half of its key. */
const makersLock = 0;

/**
 * Makes a template of each of the platform's databases as it is now, or takes the one that has the same content already.
 * Those of contents that nobody uses any more go. `client` keeps them from being removed for as long as it is open.
 */
export async function ensureTemplates(
  running: RunningEngine,
  client: Client,
  originals: ReadonlyMap<string, CataloguedDatabase>,
): Promise<readonly Template[]> {
  await client.query('SELECT pg_advisory_lock($1, $2)', [lockClass, makersLock]);
  try {
    await ensureTemplateOwner(client);
    const contents = await runConcurrently(databases, (database) => contentOf(running, database, database));
    const templates: Template[] = [];
    for (const [index, database] of databases.entries()) {
      const original = originals.get(database);
      if (original === undefined) throw new Error(`there is no database ${database} to make places from`);
      templates.push(await ensureTemplate(running, client, original, { database, content: contents[index] ?? {} }));
    }
    for (const { name } of templates) await client.query('SELECT pg_advisory_lock_shared($1, $2)', lockOf(name));
    await removeUnused(client, new Set(templates.map(({ name }) => name)));
    return templates;
  } finally {
    await client.query('SELECT pg_advisory_unlock($1, $2)', [lockClass, makersLock]);
  }
}

async function ensureTemplateOwner(client: Client): Promise<void> {
  const { rows } = await client.query<{ comment: string | null }>(
    "SELECT shobj_description(oid, 'pg_authid') AS comment FROM pg_roles WHERE rolname = $1",
    [templateOwner],
  );
  if (rows[0]?.comment === templateOwnerMark) return;
  // A role of somebody's own with this name makes the statement fail, and stays as it is.
  await client.query(
    `CREATE ROLE ${templateOwner} NOLOGIN; COMMENT ON ROLE ${templateOwner} IS ${literal(templateOwnerMark)}`,
  );
}

async function ensureTemplate(
  running: RunningEngine,
  client: Client,
  original: CataloguedDatabase,
  { database, content }: Omit<Template, 'name'>,
): Promise<Template> {
  const name = nameOf(database, content);
  if (await isComplete(client, name)) return { database, name, content };
  await dropTemplate(client, name);
  await copyOriginal(running, client, name, original);
  // What the database holds may have changed meanwhile: a template is called after what it holds.
  const copied = await contentOf(running, name, database);
  const copiedName = nameOf(database, copied);
  if (copiedName !== name) {
    await dropTemplate(client, copiedName);
    await client.query(`ALTER DATABASE ${identifier(name)} RENAME TO ${identifier(copiedName)}`);
  }
  await client.query(
    `ALTER DATABASE ${identifier(copiedName)} IS_TEMPLATE true; ALTER DATABASE ${identifier(copiedName)} ALLOW_CONNECTIONS false`,
  );
  return { database, name: copiedName, content: copied };
}

/** At most 47 bytes. */
function nameOf(database: DatabaseName, content: Content): string {
  return `${database.replace('taishang_', 'taishang_template_')}_${keyOf(content)}`;
}

/** The last step of making one is that nobody comes in any more. */
async function isComplete(client: Client, name: string): Promise<boolean> {
  const { rows } = await client.query(
    'SELECT FROM pg_database WHERE datname = $1 AND datdba = $2::regrole AND datistemplate AND NOT datallowconn',
    [name, templateOwner],
  );
  return rows.length > 0;
}

async function dropTemplate(client: Client, name: string): Promise<void> {
  const { rows } = await client.query('SELECT FROM pg_database WHERE datname = $1 AND datdba = $2::regrole', [
    name,
    templateOwner,
  ]);
  if (rows.length === 0) return;
  await client.query(`ALTER DATABASE ${identifier(name)} IS_TEMPLATE false`);
  await client.query(`DROP DATABASE ${identifier(name)} WITH (FORCE)`);
}

/**
 * A copy of its files where nobody is connected, and of a dump where somebody is: a service goes on as if nothing were.
 */
async function copyOriginal(
  running: RunningEngine,
  client: Client,
  name: string,
  original: CataloguedDatabase,
): Promise<void> {
  const { rows } = await client.query(
    "SELECT FROM pg_stat_activity WHERE datname = $1 AND application_name <> 'taishang-sandbox'",
    [original.name],
  );
  if (rows.length === 0) {
    await client.query(
      `CREATE DATABASE ${identifier(name)} TEMPLATE ${identifier(original.name)} STRATEGY WAL_LOG OWNER ${templateOwner}`,
    );
    return;
  }
  await createDatabase(client, original, { name, owner: templateOwner, tablespace: original.tablespace });
  const script = await readFile(join(import.meta.dirname, '..', 'scripts', 'copy-database.sh'), 'utf8');
  const [from, to] = [original.name, name].map((dbname) => connectionString({ dbname }));
  const command = ['sh', '-c', script, 'copy-database.sh', from ?? '', to ?? ''];
  checked(await execInNode(firstNode(running), command, { user: 'postgres' }), 'copy-database.sh', 'postgresql');
}

/** Removes templates of contents that were, unless somebody else still makes places from one. */
async function removeUnused(client: Client, used: ReadonlySet<string>): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT datname AS name FROM pg_database WHERE datdba = $1::regrole',
    [templateOwner],
  );
  for (const { name } of rows.filter((row) => !used.has(row.name))) {
    const { rows: locks } = await client.query<{ free: boolean }>(
      'SELECT pg_try_advisory_lock($1, $2) AS free',
      lockOf(name),
    );
    if (locks[0]?.free !== true) continue;
    await dropTemplate(client, name);
    await client.query('SELECT pg_advisory_unlock($1, $2)', lockOf(name));
  }
}

/** Advisory locks have two halves of 32 bits with a sign: the second one is of the last seven digits of a key. */
function lockOf(name: string): number[] {
  return [lockClass, Number.parseInt(name.slice(-7), 16)];
}
