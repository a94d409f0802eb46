import keySlot from 'cluster-key-slot';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import type { Failover } from '../../contract/failover.ts';
import type { NodeRole, RunningEngine } from '../../contract/topology.ts';
import { serverPort } from '../server/client-options.ts';
import { openClient, probe } from '../server/connection.ts';
import { form } from '../server/topologies-clustered.ts';
import { untilConverged } from '../server/topologies-replicated.ts';
import { until } from '../server/until.ts';
import { handOver } from './hand-over.ts';
import { lockDrills } from './lock-drills.ts';
import { roles } from './roles.ts';
import { untilWritable } from './until-writable.ts';
import { drillTag, waitingSet, workloads } from './workloads.ts';

/** What a member's clock, the failure detector's own tick and a busy machine add to the windows below. */
const slackMs = 1_500;

export const failover: Failover = {
  workloads,
  roles,
  contracts: [
    {
      topology: 'replicated',
      name: 'min-replicas',
      // Redis documentation, "Replication": lag is counted in whole seconds, and replicas report once a second.
      promise:
        'losses are possible, and bounded: a primary without a replica refuses writes after min-replicas-max-lag (1 s) and the second in which it notices',
      lossWindowMs: 2_000 + slackMs,
      clientOutageTargetMs: 3_000,
    },
    {
      topology: 'replicated',
      name: 'WAIT 1',
      promise:
        'losses are possible where a replica that has the write is not the one promoted, and bounded as with min-replicas: WAIT is no consensus',
      lossWindowMs: 2_000 + slackMs,
      set: waitingSet,
    },
    {
      topology: 'clustered',
      name: 'asynchronous replication',
      // Redis documentation, "Cluster specification", "Write safety".
      promise: 'losses are possible, and bounded: a master that is cut off refuses writes after the node timeout (2 s)',
      lossWindowMs: 2_000 + slackMs,
      clientOutageTargetMs: 6_000,
    },
    {
      topology: 'clustered',
      name: 'WAIT 1',
      promise: 'what the one replica has acknowledged survives its master; bounded as without WAIT where it does not',
      lossWindowMs: 2_000 + slackMs,
      needsOldPrimary: true,
      set: waitingSet,
    },
    {
      topology: 'standalone',
      name: 'append-only file, every second',
      // Redis documentation, "Persistence": a write may be delayed by up to two seconds while a sync is under way.
      promise: 'losses are possible, and bounded: up to two seconds of the append-only file',
      lossWindowMs: 2_000 + slackMs,
    },
  ],
  isPrimary,
  untilWritable,
  handOver,
  replace,
  settle,
  weaken,
  ownCases: lockDrills,
};

/** Of a cluster's masters the one that holds the slot of the workloads. */
function isPrimary({ role, holds }: NodeRole): boolean {
  if (role === 'primary' || role === 'single') return true;
  const slot = keySlot(drillTag);
  const ranges = (holds ?? '').replace('slots ', '').split(' ');
  return role === 'master' && ranges.some((range) => isIn(range, slot));
}

function isIn(range: string, slot: number): boolean {
  const [first = '', last = first] = range.split('-');
  return first !== '' && slot >= Number(first) && slot <= Number(last);
}

async function settle(running: RunningEngine): Promise<void> {
  if (running.topology === 'replicated') await untilConverged(running);
  if (running.topology === 'clustered') await until('the cluster is whole', () => form(running).then(() => true));
}

/** Sentinel finds an empty member by itself. A cluster sees a stranger at the old one's address, and is told. */
async function replace(running: RunningEngine, nodeName: string): Promise<void> {
  if (running.topology !== 'clustered') return;
  const node = running.nodes.find(({ name }) => name === nodeName);
  if (node === undefined) throw new Error(`there is no node ${nodeName}`);
  await until(`${nodeName} answers`, async () => (await probe(node, running.secrets)) !== '');
  await using opened = await openClient(node, running.secrets);
  const id = String(await opened.cluster('MYID'));
  const others = running.nodes.filter((other) => other !== node);
  await Promise.all(others.map((other) => forgetAt(running, other, node, id)));
  const [first] = others;
  if (first === undefined) return;
  await using friend = await openClient(first, running.secrets);
  await friend.cluster('MEET', node.address ?? '', serverPort);
  await until('the new member follows a master', async () => {
    const master = masterWithoutReplica(String(await friend.cluster('NODES')));
    if (master === undefined) throw new Error('every master has a replica');
    await opened.cluster('REPLICATE', master);
    return true;
  });
}

/** Forgets whoever was at the address of this node before it came back as somebody else. */
async function forgetAt(running: RunningEngine, at: NodeHandle, node: NodeHandle, id: string): Promise<void> {
  await using client = await openClient(at, running.secrets);
  const known = String(await client.cluster('NODES')).split('\n');
  const isGone = (line: string) => line.includes(` ${node.address}:`) || /\bnoaddr\b|\bfail\b/.test(line);
  for (const line of known.filter(isGone)) {
    const old = line.slice(0, line.indexOf(' '));
    if (old !== id && !line.includes('myself')) await client.cluster('FORGET', old);
  }
}

/** Id of a master that nobody follows (Redis documentation, `CLUSTER NODES`). */
function masterWithoutReplica(members: string): string | undefined {
  const fields = members.split('\n').map((line) => line.split(' '));
  const followed = new Set(fields.map(([, , , master]) => master));
  return fields.find(
    ([id, , flags = '', , , , , , slots]) => flags.includes('master') && slots !== undefined && !followed.has(id),
  )?.[0];
}

/** What is acknowledged is in the memory of one process alone. */
async function weaken(running: RunningEngine): Promise<void> {
  const settings = { appendonly: 'no', save: '', 'min-replicas-to-write': '0' };
  for (const node of running.nodes) {
    await using client = await openClient(node, running.secrets);
    for (const [name, value] of Object.entries(settings)) await client.config('SET', name, value);
  }
}
