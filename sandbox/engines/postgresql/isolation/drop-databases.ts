import type { Client } from 'pg';
import type { RunningEngine } from '../../contract/topology.ts';
import { query } from '../backup/catalogue/described-databases.ts';
import { openAdministration } from '../backup/restore/temporary-databases.ts';
import { identifier, literal } from '../server/statements.ts';

/** Removes a database with all that would keep it, whatever is in it and whoever is connected. */
export async function dropDatabase(running: RunningEngine, client: Client, name: string): Promise<void> {
  await freeDatabase(running, client, name);
  await client.query(`ALTER DATABASE ${identifier(name)} IS_TEMPLATE false`);
  await client.query(`DROP DATABASE ${identifier(name)} WITH (FORCE)`);
}

/** Ends what a server has of a database beside sessions: some of it has names that all databases share. */
export async function freeDatabase(running: RunningEngine, client: Client, name: string): Promise<void> {
  const { rows } = await client.query<Holder>(await query('holds-database.sql'), [name]);
  if (rows.length > 0) await removeHolders(running, client, name, rows);
}

interface Holder {
  readonly kind: string;
  readonly name: string;
  /** Process that uses it now. */
  readonly pid: number | null;
}

/** `FORCE` ends sessions, and neither prepared transactions, logical slots nor subscriptions (documentation, "DROP DATABASE"). */
async function removeHolders(
  running: RunningEngine,
  client: Client,
  database: string,
  holders: readonly Holder[],
): Promise<void> {
  const named = (kind: string) => holders.filter((holder) => holder.kind === kind);
  if (named('prepared transaction').length + named('subscription').length > 0) {
    await client.query(`ALTER DATABASE ${identifier(database)} ALLOW_CONNECTIONS true CONNECTION LIMIT -1`);
    await using opened = await openAdministration(running, database);
    for (const { name } of named('prepared transaction'))
      await opened.client.query(`ROLLBACK PREPARED ${literal(name)}`);
    for (const { name } of named('subscription')) {
      const subscription = identifier(name);
      // Its slot is another server's: without a name it is left alone there.
      await opened.client.query(`ALTER SUBSCRIPTION ${subscription} DISABLE`);
      await opened.client.query(`ALTER SUBSCRIPTION ${subscription} SET (slot_name = NONE)`);
      await opened.client.query(`DROP SUBSCRIPTION ${subscription}`);
    }
  }
  for (const { name, pid } of named('slot')) {
    // Waits for up to 5 s until the process is gone.
    if (pid !== null) await client.query('SELECT pg_terminate_backend($1, 5000)', [pid]);
    await client.query('SELECT pg_drop_replication_slot($1)', [name]);
  }
}
