import type { NodeHandle } from '../../containers/node-spec.ts';
import { deadlineMs } from '../../core/deadlines.ts';
import { SandboxError } from '../../core/errors.ts';
import type { HandedOver } from '../failover.ts';
import type { RunningEngine } from '../topology.ts';
import { sentinelName } from './client-options.ts';
import { openClient, openSentinel } from './connection.ts';
import { roles } from './roles.ts';
import { until } from './until.ts';

/**
 * Makes a replica the primary of its shard once it has everything: a member of a cluster asks its master to wait for it
 * (Redis documentation, `CLUSTER FAILOVER`); under Sentinel, which chooses the replica, writes wait until all have it.
 */
export async function handOver(running: RunningEngine, to?: string): Promise<HandedOver> {
  const seen = await roles(running);
  if (running.topology === 'replicated' && to !== undefined)
    throw refused('Sentinel chooses the replica itself: leave `--to` out');
  const chosen = seen.find(({ node, role }) => role === 'replica' && (to === undefined || node === to));
  const from = running.nodes.find(({ name }) => name === chosen?.follows);
  const replica = running.nodes.find(({ name }) => name === chosen?.node);
  if (from === undefined || replica === undefined)
    throw refused(to === undefined ? 'no replica follows a primary' : `${to} follows no primary as its replica`);
  if (running.topology === 'replicated') return bySentinel(running, from);
  await using client = await openClient(replica, running.secrets);
  await client.cluster('FAILOVER');
  await until(`${replica.name} is a master`, async () => isPrimary(running, replica));
  return { from: from.name, to: replica.name };
}

async function bySentinel(running: RunningEngine, from: NodeHandle): Promise<HandedOver> {
  await using primary = await openClient(from, running.secrets);
  await using sentinel = await openSentinel(from, running.secrets);
  // Held back until it is a replica, and refused then: none is acknowledged meanwhile.
  await primary.call('CLIENT', 'PAUSE', String(deadlineMs('topologyConverged')), 'WRITE');
  try {
    await until('every replica has everything', async () => {
      const replicas = (await roles(running)).filter(({ follows }) => follows === from.name);
      return replicas.length > 0 && replicas.every(({ lagBytes }) => lagBytes === 0);
    });
    await sentinel.call('SENTINEL', 'FAILOVER', sentinelName);
    let next: string | undefined;
    await until('another one is the primary', async () => {
      next = (await roles(running)).find(({ node, role }) => role === 'primary' && node !== from.name)?.node;
      return next !== undefined && !(await isPrimary(running, from));
    });
    return { from: from.name, to: next ?? '' };
  } finally {
    await primary.call('CLIENT', 'UNPAUSE').catch(() => {});
  }
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
