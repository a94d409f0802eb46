import type { Client } from 'pg';
import { templateOwner } from '../isolation/marks.ts';

/** The template that places have their first database from. Throws where no pool is open. */
export async function templateOfPlaces(client: Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT datname AS name FROM pg_database WHERE datdba = $1::regrole AND datname LIKE 'taishang\\_template\\_users\\_%'",
    [templateOwner],
  );
  if (rows[0] === undefined) throw new Error('the template of taishang_users is not there');
  return rows[0].name;
}
