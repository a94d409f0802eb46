import { Client, type ClientBase, type Pool } from 'pg';
import type { EntityKeys, EntityRows, Place } from '../../contract/isolation.ts';
import { copyRows } from '../data/copy-table.ts';
import { tableLoads } from '../data/rows.ts';
import { addressVariable, type DatabaseName, mainDatabase } from '../server/connection.ts';

/** Adds rows to the tables of all four databases, as whom a test works there. */
export async function addRows(place: Place, rows: EntityRows, openPool: () => Promise<Pool>): Promise<void> {
  for (const table of tableLoads) {
    const added = rows[table.entity] ?? [];
    if (added.length === 0) continue;
    await inDatabase(openPool, place, table.database, (client) => copyRows(client, table, added as readonly never[]));
  }
}

/** Users alone: what its other databases refuse is refused before any store behind it is written to. */
export async function heldKeys(_: Place, { users }: EntityKeys, openPool: () => Promise<Pool>): Promise<EntityKeys> {
  if (users === undefined) return {};
  const { rows } = await (await openPool()).query<{ id: string }>('SELECT id FROM users WHERE id = ANY($1)', [users]);
  return { users: rows.map(({ id }) => id) };
}

async function inDatabase(
  openPool: () => Promise<Pool>,
  { environment }: Place,
  database: DatabaseName,
  work: (client: ClientBase) => Promise<void>,
): Promise<void> {
  if (database === mainDatabase) {
    const client = await (await openPool()).connect();
    try {
      return await work(client);
    } finally {
      client.release();
    }
  }
  const connectionString = environment[addressVariable(database)];
  if (connectionString === undefined) throw new Error(`a store that is rolled back has no ${database}`);
  const client = new Client({ connectionString });
  client.on('error', () => {});
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
