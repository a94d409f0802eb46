import type { OpenClient } from '../server/connection.ts';

interface Queries {
  query(text: string, values?: unknown[]): Promise<unknown>;
}

/** Slot of a standby: names of slots take no hyphens. */
export const slotName = (standby: string) => standby.replaceAll('-', '_');

/**
 * A slot for each standby, so that the log which it has not read yet is kept. One that is there stays, unless it is lost:
 * nobody can read from that one any more.
 */
export async function ensureSlots(client: Queries, standbys: readonly string[]): Promise<void> {
  for (const standby of standbys) {
    await client.query(
      `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
       WHERE slot_name = $1 AND wal_status = 'lost' AND NOT active`,
      [slotName(standby)],
    );
    await client.query(
      `SELECT pg_create_physical_replication_slot($1)
       WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1)`,
      [slotName(standby)],
    );
  }
}

/** Commits wait for any one of these standbys from now on. */
export async function setSynchronousStandbys(client: Queries, names: readonly string[]): Promise<void> {
  const list = names.map((name) => `"${name}"`).join(', ');
  await client.query(`ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (${list})'`);
  await client.query('SELECT pg_reload_conf()');
}

export async function isInRecovery({ client }: OpenClient): Promise<boolean> {
  const { rows } = await client.query<{ recovering: boolean }>('SELECT pg_is_in_recovery() AS recovering');
  return rows[0]?.recovering ?? true;
}
