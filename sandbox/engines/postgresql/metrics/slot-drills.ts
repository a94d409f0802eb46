import type { Client } from 'pg';
import type { AlertDrill, AlertPlace, Heal } from '../../contract/alert-drills.ts';
import { firstNode } from '../../contract/topology.ts';
import { openClient } from '../server/connection.ts';

const slot = 'left_behind';

/** Megabytes of WAL that a small server keeps between checkpoints: the least that PostgreSQL takes is two segments of 16. */
const smallWalMegabytes = 48;

/** What comes of a slot whose reader is gone. */
export const slotDrills: readonly AlertDrill[] = [
  {
    alert: 'PostgreSQLReplicationSlotInactive',
    cause: 'a slot is left behind',
    make: (place) => leaveSlot(place, {}, 0),
  },
  {
    alert: 'PostgreSQLReplicationSlotLag',
    cause: 'a slot is left behind, and more than max_wal_size is written',
    make: (place) => leaveSlot(place, { max_wal_size: smallWalMegabytes }, 1.5 * smallWalMegabytes),
  },
  {
    alert: 'PostgreSQLReplicationSlotLost',
    cause: 'a slot is left behind, and more than max_slot_wal_keep_size is written',
    make: (place) => leaveSlot(place, { max_slot_wal_keep_size: 16, wal_keep_size: 0 }, 96),
  },
  {
    alert: 'PostgreSQLWalGrowth',
    cause: 'a slot is left behind, and more than twice max_wal_size is written',
    make: (place) => leaveSlot(place, { max_wal_size: smallWalMegabytes }, 3 * smallWalMegabytes),
  },
];

/** `settings` are in megabytes, as is what is written. */
async function leaveSlot(
  { running }: AlertPlace,
  settings: Readonly<Record<string, number>>,
  writtenMegabytes: number,
): Promise<Heal> {
  const onServer = async (work: (client: Client) => Promise<void>) => {
    await using opened = await openClient(firstNode(running), running.secrets, { database: 'postgres' });
    await work(opened.client);
  };
  await onServer(async (client) => {
    for (const [name, megabytes] of Object.entries(settings))
      await client.query(`ALTER SYSTEM SET ${client.escapeIdentifier(name)} = '${megabytes}MB'`);
    await client.query('SELECT pg_reload_conf()');
    await client.query('SELECT pg_create_physical_replication_slot($1, true)', [slot]);
    if (writtenMegabytes === 0) return;
    await client.query(
      "SELECT count(pg_logical_emit_message(false, 'drill', repeat('x', 1048576))) FROM generate_series(1, $1)",
      [Math.round(writtenMegabytes)],
    );
    await client.query('SELECT pg_switch_wal()');
    await client.query('CHECKPOINT');
  });
  return () =>
    onServer(async (client) => {
      await client.query('SELECT pg_drop_replication_slot($1)', [slot]);
      for (const name of Object.keys(settings))
        await client.query(`ALTER SYSTEM RESET ${client.escapeIdentifier(name)}`);
      await client.query('SELECT pg_reload_conf()');
      await client.query('CHECKPOINT');
    });
}
