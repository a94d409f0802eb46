import type { Client } from 'pg';
import { identifier, literal } from '../../server/statements.ts';
import { inOneTransaction } from '../catalogue/apply-content.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { changeRights } from '../catalogue/rights.ts';

/**
 * Makes the tablespaces of a backup that are missing, within the server's own folder: the disks that they lay on are
 * another machine's. Names, owners, rights and options are those of the backup.
 */
export async function restoreTablespaces(client: Client, { tablespaces }: Catalogue): Promise<void> {
  const { rows } = await client.query<{ name: string }>('SELECT spcname AS name FROM pg_catalog.pg_tablespace');
  const there = new Set(rows.map(({ name }) => name));
  for (const { name, owner, comment, options, rights } of tablespaces) {
    if (there.has(name)) continue;
    await client.query('SET allow_in_place_tablespaces = on');
    await client.query(`CREATE TABLESPACE ${identifier(name)} OWNER ${identifier(owner)} LOCATION ''`);
    // The owner may do everything, and nobody else anything (PostgreSQL documentation, "Privileges").
    const current = [{ grantor: owner, grantee: owner, privilege: 'CREATE', grantable: false }];
    const set = options.map(({ name: option, value }) => `${identifier(option)} = ${literal(value)}`);
    await inOneTransaction(client, [
      ...(set.length === 0 ? [] : [`ALTER TABLESPACE ${identifier(name)} SET (${set.join(', ')})`]),
      `COMMENT ON TABLESPACE ${identifier(name)} IS ${literal(comment)}`,
      ...changeRights(`TABLESPACE ${identifier(name)}`, { current, wanted: rights, owner }).byOwner,
    ]);
  }
}
