import type { Client } from 'pg';
import { deadlineMs } from '../../../core/deadlines.ts';
import { poll } from '../../../core/poll.ts';
import type { AlertDrill, AlertPlace, Heal } from '../../contract/alert-drills.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { openClient } from '../server/connection.ts';
import { growthDrills } from './growth-drills.ts';
import { slotDrills } from './slot-drills.ts';

const maintenance = { database: 'postgres' } as const;

/** Share of the connections that are not reserved, in percent: the alert is about more than 80. */
const usedPercent = 81;

/** Threshold of PostgreSQLReplicationLag, in milliseconds. */
const lagMs = 10_000;

/** Causes that are PostgreSQL's own; those of every engine's server are beside them. */
export const alertDrills: readonly AlertDrill[] = [
  // The longest first.
  ...growthDrills,
  {
    alert: 'PostgreSQLHighConnections',
    cause: `${usedPercent} % of the connections are in use`,
    asSpecified: 'misses',
    make: useConnections,
  },
  {
    alert: 'PostgreSQLReplicationLag',
    cause: 'a standby is held back',
    topology: 'replicated',
    node: standbyOf,
    leadMs: lagMs,
    make: holdBack,
  },
  ...slotDrills,
];

function standbyOf({ nodes }: RunningEngine) {
  const node = nodes[1];
  if (node === undefined) throw new Error('a replicated topology has a standby');
  return node;
}

/** Idle clients, up to the first that is more than the alert's share. */
async function useConnections({ running }: AlertPlace): Promise<Heal> {
  const clients = new AsyncDisposableStack();
  const open = async () => clients.use(await openClient(firstNode(running), running.secrets, maintenance)).client;
  try {
    const first = await open();
    const missing = await missingConnections(first);
    await Promise.all(Array.from({ length: missing }, open));
  } catch (thrown) {
    await clients.disposeAsync();
    throw thrown;
  }
  return () => clients.disposeAsync();
}

async function missingConnections(client: Client): Promise<number> {
  const { rows } = await client.query<{ limit: number; used: number }>(
    `SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
            - current_setting('reserved_connections')::int AS limit,
            (SELECT sum(numbackends)::int FROM pg_stat_database) AS used`,
  );
  const { limit, used } = rows[0] ?? { limit: 0, used: 0 };
  return Math.ceil((limit * usedPercent) / 100) - used;
}

/** The standby receives and does not replay; the primary has something for it to replay. */
async function holdBack({ running, signal }: AlertPlace): Promise<Heal> {
  const onStandby = async (statement: string) => {
    await using standby = await openClient(standbyOf(running), running.secrets, maintenance);
    return (await standby.client.query<{ done: boolean }>(statement)).rows[0]?.done;
  };
  await onStandby('SELECT pg_wal_replay_pause() IS NOT NULL AS done');
  const isPaused = () => onStandby("SELECT pg_get_wal_replay_pause_state() = 'paused' AS done");
  await poll(isPaused, {
    timeoutMs: deadlineMs('statement'),
    signal,
    onTimeout: () => new Error('the standby goes on replaying'),
  });
  await using primary = await openClient(firstNode(running), running.secrets, maintenance);
  await primary.client.query('SELECT pg_current_xact_id()');
  return async () => {
    await onStandby('SELECT pg_wal_replay_resume() IS NOT NULL AS done');
  };
}
