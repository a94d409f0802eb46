import type { Client } from 'pg';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { openPrimary } from '../../../sandbox/engines/postgresql/server/connection.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { fewRows } from '../../support/few-rows.ts';

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
