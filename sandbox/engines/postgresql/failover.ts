import { DatabaseError } from 'pg';
import type { NodeHandle } from '../../containers/node-spec.ts';
import { isRunning, killNode } from '../../containers/nodes.ts';
import { deadlineMs } from '../../core/deadlines.ts';
import { SandboxError } from '../../core/errors.ts';
import { poll } from '../../core/poll.ts';
import type { Failover, FailoverWriter, RunningEngine, WriteOutcome } from '../engine.ts';
import { type OpenClient, openClient, openPrimary, primaryNode } from './connection.ts';
import { setSynchronousStandbys } from './topologies.ts';

/** A client that hears nothing for this long gives its connection up; what it had sent is unknown. */
const writeTimeoutMs = 2_000;

export const failover: Failover = {
  topology: 'replicated',
  promise: 'nothing acknowledged is lost when the primary is killed: a commit waits for one of two standbys',
  prepare,
  openWriter,
  killPrimary,
  promote,
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
  await opened.client.query('SELECT pg_reload_conf()');
}

async function isInRecovery(opened: OpenClient): Promise<boolean> {
  const { rows } = await opened.client.query<{ recovering: boolean }>('SELECT pg_is_in_recovery() AS recovering');
  return rows[0]?.recovering ?? true;
}

/** A client that tries the nodes in turn until one takes writes, as drivers do with several hosts. */
async function openWriter(running: RunningEngine): Promise<FailoverWriter> {
  let opened: OpenClient | undefined;
  let warned = false;
  const drop = async () => {
    const old = opened;
    opened = undefined;
    await old?.client.end().catch(() => {});
  };
  return {
    async add(value): Promise<WriteOutcome> {
      opened ??= await connectToPrimary(running);
      if (opened === undefined) return 'failed';
      warned = false;
      const { client } = opened;
      // A commit that stops waiting for its standby says so in a warning, and is not safe.
      client.removeAllListeners('notice').on('notice', () => {
        warned = true;
      });
      try {
        await client.query('INSERT INTO failover_set (value) VALUES ($1)', [value]);
        return warned ? 'unknown' : 'ok';
      } catch (thrown) {
        void drop();
        return wasRefused(thrown) ? 'failed' : 'unknown';
      }
    },
    [Symbol.asyncDispose]: drop,
  };
}

/** An answer of the server means that nothing was written, unless it was shutting down (SQLSTATE class 57). */
function wasRefused(thrown: unknown): boolean {
  return thrown instanceof DatabaseError && !(thrown.code ?? '').startsWith('57');
}

async function connectToPrimary(running: RunningEngine): Promise<OpenClient | undefined> {
  const timeouts = { connectionTimeoutMs: 500, queryTimeoutMs: writeTimeoutMs };
  for (const node of running.nodes) {
    const opened = await openClient(node, running.secrets, { database: 'postgres' }, timeouts).catch(() => undefined);
    if (opened === undefined) continue;
    if (!(await isInRecovery(opened).catch(() => true))) return opened;
    await opened.client.end().catch(() => {});
  }
  return undefined;
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
