import type { NodeHandle } from '../../containers/node-spec.ts';
import { isRunning, killNode } from '../../containers/nodes.ts';
import { deadlineMs } from '../../core/deadlines.ts';
import { SandboxError } from '../../core/errors.ts';
import { poll } from '../../core/poll.ts';
import type { Failover, FailoverWriter, RunningEngine } from '../engine.ts';
import { openClient, openPrimary, primaryNode } from './connection.ts';
import { openPrimaryClient } from './primary-client.ts';
import { rejoin } from './rejoin.ts';
import { ensureSlots, isInRecovery, setSynchronousStandbys, slotName } from './replication.ts';

export const failover: Failover = {
  topology: 'replicated',
  promise: 'nothing acknowledged is lost when the primary is killed: a commit waits for one of two standbys',
  prepare,
  openWriter,
  killPrimary,
  promote,
  rejoin,
  readAll,
};

async function prepare(running: RunningEngine): Promise<void> {
  await using opened = await openPrimary(running, { database: 'postgres' });
  await opened.client.query('CREATE TABLE IF NOT EXISTS failover_set (value bigint PRIMARY KEY)');
}

async function killPrimary(running: RunningEngine): Promise<string> {
  const node = primaryNode(running);
  await killNode(node);
  return node.name;
}

/** Promotes the standby that has received most; the other one follows it and guards its commits. */
async function promote(running: RunningEngine): Promise<string> {
  const standbys = await survivors(running);
  const positions = await Promise.all(standbys.map((node) => receivedPosition(running, node)));
  const best = positions.indexOf(positions.reduce((left, right) => (right > left ? right : left)));
  const chosen = standbys[best];
  if (chosen === undefined) throw noSurvivor();
  const others = standbys.filter((node) => node !== chosen);
  await using opened = await openClient(chosen, running.secrets, { database: 'postgres' });
  // Before it is promoted: no write may be acknowledged by the new primary alone.
  await setSynchronousStandbys(
    opened.client,
    others.map(({ name }) => name),
  );
  await ensureSlots(
    opened.client,
    others.map(({ name }) => name),
  );
  await Promise.all(others.map((node) => follow(running, node, chosen)));
  await opened.client.query(`SELECT pg_promote(true, ${Math.ceil(deadlineMs('topologyConverged') / 1_000)})`);
  await poll(async () => !(await isInRecovery(opened)), {
    timeoutMs: deadlineMs('topologyConverged'),
    onTimeout: () =>
      new SandboxError({
        code: 'NODE_NOT_READY',
        engine: 'postgresql',
        message: `${chosen.name} was promoted and takes no writes.`,
        next: 'Its log says why.',
      }),
  });
  return chosen.name;
}

async function survivors(running: RunningEngine): Promise<readonly NodeHandle[]> {
  const standbys = running.nodes.filter((node) => node.role === 'standby');
  const up = await Promise.all(standbys.map(isRunning));
  return standbys.filter((_, index) => up[index]);
}

/** Position in the write-ahead log as a number that can be compared. */
async function receivedPosition(running: RunningEngine, node: NodeHandle): Promise<bigint> {
  await using opened = await openClient(node, running.secrets, { database: 'postgres' });
  const { rows } = await opened.client.query<{ bytes: string }>(
    "SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')::text AS bytes",
  );
  return BigInt(rows[0]?.bytes ?? 0);
}

async function follow(running: RunningEngine, node: NodeHandle, primary: NodeHandle): Promise<void> {
  await using opened = await openClient(node, running.secrets, { database: 'postgres' });
  const connection = `host=${primary.name} port=5432 user=replicator application_name=${node.name} passfile=/run/taishang/passfile`;
  await opened.client.query(`ALTER SYSTEM SET primary_conninfo = '${connection}'`);
  await opened.client.query(`ALTER SYSTEM SET primary_slot_name = '${slotName(node.name)}'`);
  await opened.client.query('SELECT pg_reload_conf()');
}

async function openWriter(running: RunningEngine): Promise<FailoverWriter> {
  const client = openPrimaryClient(running, { database: 'postgres' });
  return {
    add: (value) =>
      client.write(async (on) => {
        const { rowCount } = await on.query('INSERT INTO failover_set (value) VALUES ($1)', [value]);
        return rowCount === 1;
      }),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

async function readAll(running: RunningEngine, nodeName: string): Promise<readonly number[]> {
  const node = running.nodes.find(({ name }) => name === nodeName);
  if (node === undefined) throw new Error(`there is no node ${nodeName}`);
  await using opened = await openClient(node, running.secrets, { database: 'postgres' });
  const { rows } = await opened.client.query<{ value: string }>('SELECT value FROM failover_set ORDER BY value');
  return rows.map(({ value }) => Number(value));
}

function noSurvivor(): SandboxError {
  return new SandboxError({
    code: 'NODE_DIED',
    engine: 'postgresql',
    message: 'No standby runs that could be promoted.',
    next: 'Start the topology anew.',
  });
}
