import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import type { QualityPlace } from '../../contract/quality.ts';
import type { SchemaObject } from '../../contract/schema/schema-gap.ts';
import { mainDatabase } from '../server/connection.ts';

const query = (name: string) => readFile(join(import.meta.dirname, 'queries', name), 'utf8');

interface Place extends QualityPlace {
  readonly database: string;
}

/** Tables of all databases that the login may connect to. */
export async function placesIn(clientOf: (database?: string) => Promise<Client>): Promise<readonly Place[]> {
  const first = await clientOf(mainDatabase);
  const { rows } = await first.query<{ name: string }>(await query('databases.sql'));
  const found = await Promise.all(
    rows.map(async ({ name }) => (await (await clientOf(name)).query<Place>(await query('tables.sql'))).rows),
  );
  return found.flat();
}

/** Columns, indexes and constraints of a table, those that do not hold (NOT VALID, an invalid index) said as such. */
export async function catalogueOf(client: Client, { name }: QualityPlace): Promise<readonly SchemaObject[]> {
  const { rows: found } = await client.query<{ table: string | null }>('SELECT to_regclass($1) AS table', [name]);
  if (found[0]?.table === null) throw new Error(`there is no table ${name}`);
  const { rows } = await client.query<SchemaObject>(await query('table-objects.sql'), [name]);
  return rows;
}
