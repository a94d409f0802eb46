import type { Client } from 'pg';
import type { RunningEngine } from '../../../../sandbox/engines/contract/topology.ts';
import { openPrimary } from '../../../../sandbox/engines/postgresql/server/connection.ts';
import { identifier } from '../../../../sandbox/engines/postgresql/server/statements.ts';
import { createStack, type Stack } from '../../../../sandbox/stack/create-stack.ts';
import { fewRows } from '../../../support/few-rows.ts';

/** A stack with the platform's schema and data. */
export const seededStack = (): Promise<Stack<'postgresql'>> =>
  createStack({ engines: ['postgresql'], size: fewRows, connect: false });

/** A stack with the platform's schema alone. */
export const schemaStack = (): Promise<Stack<'postgresql'>> =>
  createStack({ engines: ['postgresql'], size: 'none', connect: false });

/** A stack for restores: nothing is in it. */
export const emptyStack = (): Promise<Stack<'postgresql'>> =>
  createStack({ engines: ['postgresql'], size: 'none', schema: false, connect: false });

/** Rows of one query as the superuser. */
export async function rowsOf<Row>(running: RunningEngine, database: string, text: string): Promise<readonly Row[]> {
  return withClient(
    running,
    database,
    async (client) => (await client.query<Row & Record<string, unknown>>(text)).rows,
  );
}

export async function withClient<Value>(
  running: RunningEngine,
  database: string,
  work: (client: Client) => Promise<Value>,
): Promise<Value> {
  await using opened = await openPrimary(running, { database });
  return await work(opened.client);
}

/** Names of all databases but the server's own templates. */
export async function databaseNames(running: RunningEngine): Promise<readonly string[]> {
  const rows = await rowsOf<{ name: string }>(
    running,
    'postgres',
    'SELECT datname AS name FROM pg_database WHERE NOT datistemplate ORDER BY 1',
  );
  return rows.map(({ name }) => name);
}

/** Runs statements one by one, as the superuser. */
export async function run(running: RunningEngine, database: string, statements: readonly string[]): Promise<void> {
  await withClient(running, database, async (client) => {
    for (const statement of statements) await client.query(statement);
  });
}

/** Makes a server as every server comes: what tests have put into it is gone. */
export async function clear(running: RunningEngine): Promise<void> {
  await withClient(running, 'postgres', async (client) => {
    const databases = await client.query<{ name: string }>(
      "SELECT datname AS name FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1')",
    );
    for (const { name } of databases.rows) {
      await client.query(`ALTER DATABASE ${identifier(name)} IS_TEMPLATE false`);
      await client.query(`DROP DATABASE ${identifier(name)} WITH (FORCE)`);
    }
    for (const name of ['postgres', 'template1']) {
      await client.query(`ALTER DATABASE ${name} RESET ALL`);
      await client.query(`GRANT CONNECT, TEMPORARY ON DATABASE ${name} TO PUBLIC`);
    }
    await client.query("COMMENT ON DATABASE postgres IS 'default administrative connection database'");
    await client.query('REVOKE TEMPORARY ON DATABASE template1 FROM PUBLIC');
    await client.query('DROP TABLE IF EXISTS noted');
    const spaces = await client.query<{ name: string }>('SELECT spcname AS name FROM pg_tablespace WHERE oid >= 16384');
    for (const { name } of spaces.rows) await client.query(`DROP TABLESPACE ${identifier(name)}`);
  });
  await run(running, 'template1', ['DROP TABLE IF EXISTS noted']);
  await withClient(running, 'postgres', async (client) => {
    const roles = await client.query<{ name: string }>(
      "SELECT rolname AS name FROM pg_roles WHERE oid >= 16384 AND rolname NOT IN ('replicator')",
    );
    for (const { name } of roles.rows) {
      await client.query(`DROP OWNED BY ${identifier(name)}`);
      await client.query(`DROP ROLE ${identifier(name)}`);
    }
  });
}
