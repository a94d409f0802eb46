import assert from 'node:assert/strict';
import type { ContractCase } from '../../../contract/schema.ts';
import type { RunningEngine } from '../../../contract/topology.ts';
import { databases, openPrimary } from '../../server/connection.ts';

/** The specification's objects, by database. */
const extensions: Readonly<Record<string, readonly string[]>> = {
  taishang_users: ['pg_trgm', 'pgcrypto', 'uuid-ossp'],
  taishang_ai: ['btree_gin', 'pg_trgm', 'vector'],
  taishang_data: ['pg_stat_statements', 'postgis'],
  taishang_analytics: [],
};

const tables: Readonly<Record<string, readonly string[]>> = {
  taishang_users: ['user_permissions', 'user_preferences', 'user_sessions', 'users'],
  taishang_ai: ['knowledge_embeddings'],
  taishang_data: ['user_locations'],
  taishang_analytics: ['daily_activity'],
};

const userIndexes = [
  'idx_user_permissions_user_id',
  'idx_user_preferences_user_id',
  'idx_user_sessions_expires',
  'idx_user_sessions_token',
  'idx_user_sessions_user_id',
  'idx_users_email',
  'idx_users_silicon_level',
  'idx_users_status',
  'idx_users_username',
];

/** Settings of postgresql.conf that everything else stands on. */
const settings: Readonly<Record<string, string>> = {
  wal_level: 'replica',
  data_checksums: 'on',
  fsync: 'on',
  full_page_writes: 'on',
  password_encryption: 'scram-sha-256',
  shared_preload_libraries: 'pg_stat_statements',
};

export const objectCases: readonly ContractCase[] = [
  { name: 'the four databases are there', run: databasesAreThere },
  { name: 'the four roles are there and only replicator may replicate', run: rolesAreThere },
  { name: 'each database has its extensions and tables', run: objectsAreThere },
  { name: 'the nine indexes of the users are there and valid', run: indexesAreThere },
  { name: 'the two triggers are there and enabled', run: triggersAreThere },
  { name: 'the server keeps what it promised to keep', run: settingsHold },
];

async function column(running: RunningEngine, database: string, query: string): Promise<readonly string[]> {
  await using opened = await openPrimary(running, { database });
  const { rows } = await opened.client.query<{ name: string }>(query);
  return rows.map(({ name }) => name);
}

async function databasesAreThere(running: RunningEngine): Promise<void> {
  const found = await column(running, 'postgres', 'SELECT datname AS name FROM pg_database');
  for (const database of databases) assert.ok(found.includes(database), `${database} is missing`);
}

async function rolesAreThere(running: RunningEngine): Promise<void> {
  const found = await column(
    running,
    'postgres',
    `SELECT format('%s %s %s %s', rolname, rolcanlogin, rolreplication, rolsuper) AS name FROM pg_roles
     WHERE rolname !~ '^pg_' AND rolname <> 'postgres' ORDER BY rolname`,
  );
  assert.deepEqual(found, [
    'replicator t t f',
    'taishang_ai_user t f f',
    'taishang_analytics_user t f f',
    'taishang_user t f f',
  ]);
}

async function objectsAreThere(running: RunningEngine): Promise<void> {
  for (const database of databases) {
    const ours = "SELECT extname AS name FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1";
    assert.deepEqual(await column(running, database, ours), extensions[database], `extensions of ${database}`);
    const found = await column(
      running,
      database,
      `SELECT relname AS name FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY 1`,
    );
    assert.deepEqual(found, tables[database], `tables of ${database}`);
  }
}

async function indexesAreThere(running: RunningEngine): Promise<void> {
  const found = await column(
    running,
    'taishang_users',
    `SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE c.relname LIKE 'idx\\_%' AND i.indisvalid ORDER BY 1`,
  );
  assert.deepEqual(found, userIndexes);
}

async function triggersAreThere(running: RunningEngine): Promise<void> {
  const found = await column(
    running,
    'taishang_users',
    "SELECT tgname AS name FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O' ORDER BY 1",
  );
  assert.deepEqual(found, ['update_user_preferences_updated_at', 'update_users_updated_at']);
}

async function settingsHold(running: RunningEngine): Promise<void> {
  const names = Object.keys(settings).map((name) => `'${name}'`);
  const found = await column(
    running,
    'postgres',
    `SELECT name || ' = ' || setting AS name FROM pg_settings WHERE name IN (${names.join(', ')}) ORDER BY 1`,
  );
  const wanted = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  assert.deepEqual(found, wanted.toSorted());
}
