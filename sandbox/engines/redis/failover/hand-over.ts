import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { deadlineMs } from '../../../core/deadlines.ts';
import { SandboxError } from '../../../core/errors.ts';
import { poll } from '../../../core/poll.ts';
import type { HandedOver } from '../../contract/failover.ts';
import type { NodeRole, RunningEngine } from '../../contract/topology.ts';
import { openClient } from '../server/connection.ts';
import { until } from '../server/until.ts';
import { handOverBySentinel } from './hand-over-by-sentinel.ts';
import { roles } from './roles.ts';

/**
 * A failover that was asked for is given up after 5 s (`CLUSTER_MF_TIMEOUT` of cluster_legacy.c), and nobody is told:
 * the masters do not vote about a shard again within twice the node time-out.
 */
const attemptMs = 5_500;

/** Makes a replica the primary, or the master of its shard, once it has everything. */
export async function handOver(running: RunningEngine, to?: string): Promise<HandedOver> {
  const chosen = await chooseReplica(running, to);
  const from = running.nodes.find(({ name }) => name === chosen?.follows);
  const replica = running.nodes.find(({ name }) => name === chosen?.node);
  if (from === undefined || replica === undefined)
    throw refused(to === undefined ? 'no replica follows a primary' : `${to} follows no primary as its replica`);
  await (running.topology === 'clustered'
    ? handOverShard(running, replica)
    : handOverBySentinel(running, from, replica));
  return { from: from.name, to: replica.name };
}

/** One that gives no answer is asked again: it may be busy, and no replica is there only where all say so. */
async function chooseReplica(running: RunningEngine, to: string | undefined): Promise<NodeRole | undefined> {
  const isChosen = ({ node, role }: NodeRole) => role === 'replica' && (to === undefined || node === to);
  const look = async () => {
    const seen = await roles(running);
    const isKnown = seen.every(({ node, role }) => role !== 'down' || (to !== undefined && node !== to));
    const found = seen.find(isChosen);
    return found !== undefined || isKnown ? { found } : undefined;
  };
  const onTimeout = () => refused(to === undefined ? 'no replica answers' : `${to} does not answer`);
  return (await poll(look, { timeoutMs: deadlineMs('roleKnown'), onTimeout })).found;
}

/** The replica asks its master to wait for it (Redis documentation, `CLUSTER FAILOVER`). */
async function handOverShard(running: RunningEngine, replica: NodeHandle): Promise<void> {
  await using client = await openClient(replica, running.secrets);
  let askedMs = Number.NEGATIVE_INFINITY;
  await until(`${replica.name} is a master`, async () => {
    if (await isPrimary(running, replica)) return true;
    if (performance.now() - askedMs > attemptMs) {
      await client.cluster('FAILOVER');
      askedMs = performance.now();
    }
    return false;
  });
}

async function isPrimary(running: RunningEngine, { name }: NodeHandle): Promise<boolean> {
  return (await roles(running)).some(({ node, role }) => node === name && role !== 'replica' && role !== 'down');
}

function refused(reason: string): SandboxError {
  return new SandboxError({
    code: 'FAILOVER_REFUSED',
    engine: 'redis',
    message: `Redis does not hand over: ${reason}.`,
    next: 'Nothing was changed. `npm run sandbox -- topology` shows who follows whom.',
  });
}
