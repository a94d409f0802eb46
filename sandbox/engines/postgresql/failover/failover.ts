import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { isRunning } from '../../../containers/nodes/nodes.ts';
import { deadlineMs } from '../../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../../core/errors.ts';
import { poll } from '../../../core/poll.ts';
import type { Failover } from '../../contract/failover.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { type OpenClient, openClient } from '../server/connection.ts';
import { detect, untilWritable } from './detect.ts';
import { handOver } from './hand-over.ts';
import { currentPrimary, rejoin, replace } from './rejoin.ts';
import { ensureSlots, isInRecovery, setSynchronousStandbys, slotName } from './replication.ts';
import { roles } from './roles.ts';
import { standbysAmong } from './standbys-among.ts';
import { workloads } from './workloads.ts';

const maintenance = { database: 'postgres' } as const;

export const failover: Failover = {
  workloads,
  roles,
  contracts: [
    {
      topology: 'replicated',
      name: 'synchronous commit',
      promise: 'nothing acknowledged is lost: a commit waits until one of two standbys has it on disk',
      lossWindowMs: 0,
      clientOutageTargetMs: 2_000,
    },
    {
      topology: 'standalone',
      name: 'crash recovery',
      promise: 'nothing acknowledged is lost by a kill of the process: a commit waits for the log',
      lossWindowMs: 0,
    },
  ],
  isPrimary: ({ role }) => role === 'primary' || role === 'single',
  detect,
  untilWritable,
  promote,
  handOver,
  rejoin,
  replace,
  settle,
  weaken,
};

/** Promotes the standby that has received most; the other one follows it and guards its commits. */
async function promote(running: RunningEngine): Promise<string> {
  const standbys = await survivors(running);
  const positions = await Promise.all(standbys.map((node) => receivedPosition(running, node)));
  const best = positions.indexOf(positions.reduce((left, right) => (right > left ? right : left), 0n));
  const chosen = standbys[Math.max(best, 0)];
  if (chosen === undefined) throw notReady('There is no standby that could be promoted.');
  const others = standbys.filter((node) => node !== chosen);
  await using opened = await openClient(chosen, running.secrets, maintenance);
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
    onTimeout: () => notReady(`${chosen.name} was promoted and takes no writes.`),
  });
  return chosen.name;
}

/**
 * The standbys: all nodes but one. A commit waits for any one of them, so that one which is left out may be the one that has
 * it, and would follow nobody afterwards. Throws `FAILOVER_REFUSED` where one of them does not answer in time.
 */
async function survivors(running: RunningEngine): Promise<readonly NodeHandle[]> {
  const found = await standbysAmong(running.nodes, (node, answerMs) => isStandby(running, node, answerMs));
  if (found.size < running.nodes.length - 1) throw notSafe(running, found);
  return [...found];
}

async function isStandby(running: RunningEngine, node: NodeHandle, answerMs: number): Promise<boolean> {
  if (!(await isRunning(node))) return false;
  const timeouts = { connectionTimeoutMs: answerMs, queryTimeoutMs: answerMs };
  await using opened = await openClient(node, running.secrets, maintenance, timeouts);
  return await isInRecovery(opened);
}

/** Position in the write-ahead log as a number that can be compared. */
async function receivedPosition(running: RunningEngine, node: NodeHandle): Promise<bigint> {
  await using opened = await openClient(node, running.secrets, maintenance);
  // Where nothing was received since its start, what it has replayed by now is what it has.
  const { rows } = await opened.client.query<{ bytes: string }>(
    "SELECT pg_wal_lsn_diff(GREATEST(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), '0/0')::text AS bytes",
  );
  return BigInt(rows[0]?.bytes ?? 0);
}

async function follow(running: RunningEngine, node: NodeHandle, primary: NodeHandle): Promise<void> {
  await using opened = await openClient(node, running.secrets, maintenance);
  const connection = `host=${primary.name} port=5432 user=replicator application_name=${node.name} passfile=/run/taishang/passfile`;
  await opened.client.query(`ALTER SYSTEM SET primary_conninfo = '${connection}'`);
  await opened.client.query(`ALTER SYSTEM SET primary_slot_name = '${slotName(node.name)}'`);
  await opened.client.query('SELECT pg_reload_conf()');
}

/** One primary, and every other member streams from it and may guard its commits. */
async function settle(running: RunningEngine): Promise<void> {
  if (running.topology === 'standalone') return;
  const attempt = async () => {
    const primary = await currentPrimary(running, running.nodes);
    await using opened = await openClient(primary, running.secrets, maintenance);
    return (await streaming(opened)) === running.nodes.length - 1;
  };
  await poll(attempt, {
    timeoutMs: deadlineMs('topologyConverged'),
    onTimeout: (last) => notReady(`The members do not all follow one primary: ${messageOf(last)}.`),
  });
}

async function streaming({ client }: OpenClient): Promise<number> {
  const { rows } = await client.query<{ count: string }>(
    "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = 'quorum'",
  );
  return Number(rows[0]?.count);
}

/** Commits wait for nobody: what "asynchronous" means. */
async function weaken(running: RunningEngine): Promise<void> {
  const primary = await currentPrimary(running, running.nodes);
  await using opened = await openClient(primary, running.secrets, maintenance);
  await opened.client.query("ALTER SYSTEM SET synchronous_standby_names = ''");
  await opened.client.query('SELECT pg_reload_conf()');
  await poll(
    async () => {
      const { rows } = await opened.client.query<{ names: string }>(
        "SELECT current_setting('synchronous_standby_names') AS names",
      );
      return rows[0]?.names === '';
    },
    { timeoutMs: deadlineMs('statement'), onTimeout: () => notReady('The primary still waits for its standbys.') },
  );
}

function notReady(message: string): SandboxError {
  return new SandboxError({
    code: 'NODE_NOT_READY',
    engine: 'postgresql',
    message,
    next: 'Its log says why.',
  });
}

function notSafe({ nodes }: RunningEngine, standbys: ReadonlySet<NodeHandle>): SandboxError {
  const missed = nodes.filter((node) => !standbys.has(node)).map(({ name }) => name);
  return new SandboxError({
    code: 'FAILOVER_REFUSED',
    engine: 'postgresql',
    message: `Nobody is promoted: all nodes but one must answer as standbys, since any of them may have what was acknowledged. These do not: ${missed.join(', ')}.`,
    next: 'Heal or start the standbys first.',
  });
}
