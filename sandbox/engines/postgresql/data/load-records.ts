import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { inTransaction } from '../server/in-transaction.ts';

const query = (name: string) => readFile(join(import.meta.dirname, '..', 'queries', name), 'utf8');

/** How far the load of one database has come: rows by table, as of the transactions that are committed. */
export interface DatabaseMarks {
  readonly resumed: boolean;
  readonly rowsOf: (table: string) => number;
}

/**
 * Goes on with the load of `dataset` that was cut off in this database, or empties the tables, takes off what is made
 * anew after the load, and begins; all in one transaction.
 */
export async function beginDatabase(
  client: Client,
  tables: readonly string[],
  { dataset, isFinished }: { readonly dataset: string; readonly isFinished: boolean },
): Promise<DatabaseMarks> {
  return inTransaction(client, async () => {
    await client.query(await query('begin-load.sql'));
    const parts = await client.query<{ part: string; dataset: string; rows: string }>(
      'SELECT part, dataset, rows FROM sandbox.load_parts',
    );
    const isSame = parts.rows.length > 0 && parts.rows.every((part) => part.dataset === dataset);
    if (isSame && !isFinished) {
      const rows = new Map(parts.rows.map((part) => [part.part, Number(part.rows)]));
      return { resumed: true, rowsOf: (table) => rows.get(table) ?? 0 };
    }
    await takeOff(client, tables);
    await client.query(`TRUNCATE ${tables.join(', ')}`);
    await client.query('DELETE FROM sandbox.load_parts');
    for (const table of tables) {
      await client.query('INSERT INTO sandbox.load_parts VALUES ($1, $2, 0)', [table, dataset]);
    }
    return { resumed: false, rowsOf: () => 0 };
  });
}

/** Keeps that so many rows of a table are there, in the transaction that brings them. */
export async function markRows(client: Client, table: string, rows: number): Promise<void> {
  await client.query('UPDATE sandbox.load_parts SET rows = $2 WHERE part = $1', [table, rows]);
}

/** What another load has taken off and not yet made anew is still written down, and stays so. */
async function takeOff(client: Client, tables: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ phase: number; name: string; removal: string; creation: string }>(
    await query('deferred-objects.sql'),
    [tables],
  );
  // Foreign keys before the indexes that they may lean on.
  for (const { phase, name, removal, creation } of rows.toReversed()) {
    await deferObject(client, { phase, name, creation });
    await client.query(removal);
  }
}

/** Writes down what a load makes when its rows are there. */
export async function deferObject(
  client: Client,
  { phase, name, creation }: { readonly phase: number; readonly name: string; readonly creation: string },
): Promise<void> {
  const values = [name, phase, creation];
  await client.query('INSERT INTO sandbox.load_deferred VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', values);
}

/** Makes what was taken off, each in a transaction with its line: what was cut off goes on. */
export async function putBack(client: Client): Promise<void> {
  const { rows } = await client.query<{ name: string; creation: string }>(
    'SELECT name, creation FROM sandbox.load_deferred ORDER BY phase, name',
  );
  for (const { name, creation } of rows) {
    await inTransaction(client, async () => {
      await client.query(creation);
      await client.query('DELETE FROM sandbox.load_deferred WHERE name = $1', [name]);
    });
  }
}

/** {@link putBack} where a load was begun and cut off; its records go. */
export async function putBackIfBegun(client: Client): Promise<void> {
  const { rows } = await client.query<{ begun: string | null }>("SELECT to_regclass('sandbox.load_parts') AS begun");
  if (rows[0]?.begun === null) return;
  await putBack(client);
  await endDatabase(client);
}

/** Takes the records of a load away: the catalogue is again what the schema's files say. */
export async function endDatabase(client: Client): Promise<void> {
  await client.query(await query('end-load.sql'));
}
