import type { Redis } from 'ioredis';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { AsyncDisposableStack } from '../../../core/disposable-stack.ts';
import type { RunningEngine, Topology } from '../../contract/topology.ts';
import { serverPort } from './client-options.ts';
import { openClient } from './connection.ts';
import { slotCount } from './masters.ts';
import { memberNode } from './topologies.ts';
import { until } from './until.ts';

const masterNames = ['redis-1', 'redis-2', 'redis-3'] as const;
const replicaNames = ['redis-4', 'redis-5', 'redis-6'] as const;
const names = [...masterNames, ...replicaNames];

/**
 * Three masters with a third of the slots and one replica each. No `min-replicas-to-write`: with one replica, its
 * promotion would leave a master that refuses every write until the old one is back.
 */
export const clustered: Topology = {
  name: 'clustered',
  nodes: (context) => [
    ...masterNames.map((name) => memberNode(name, 'master', 'cluster.conf', names, context)),
    ...replicaNames.map((name) => memberNode(name, 'replica', 'cluster.conf', names, context)),
  ],
  form,
};

type Member = { readonly node: NodeHandle; readonly client: Redis };

/** Forms the cluster, unless it was formed before, and waits until it is whole. */
export async function form(running: RunningEngine): Promise<void> {
  await using opened = new AsyncDisposableStack();
  const members = await Promise.all(
    running.nodes.map(async (node) => ({ node, client: opened.use(await openClient(node, running.secrets)) })),
  );
  const known = await Promise.all(members.map(({ client }) => clusterInfo(client, 'cluster_known_nodes')));
  if (known.every((count) => count === '1')) await create(members);
  await untilConverged(members);
}

/** Who is a master is decided here, and not by chance; epochs differ, so that nobody has to agree on them first. */
async function create(members: readonly Member[]): Promise<void> {
  const masters = members.slice(0, masterNames.length);
  await Promise.all(members.map(({ client }, index) => client.cluster('SET-CONFIG-EPOCH', index + 1)));
  await Promise.all(
    masters.map(({ client }, index) => {
      const first = Math.ceil((index * slotCount) / masters.length);
      const last = Math.ceil(((index + 1) * slotCount) / masters.length) - 1;
      return client.cluster('ADDSLOTSRANGE', first, last);
    }),
  );
  const [first, ...others] = members;
  for (const { node } of others) await first?.client.cluster('MEET', node.address ?? '', serverPort);
  const ids = await Promise.all(masters.map(({ client }) => client.cluster('MYID')));
  await Promise.all(
    members.slice(masters.length).map(({ client }, index) =>
      until(`replica ${index + 1} follows its master`, async () => {
        await client.cluster('REPLICATE', String(ids[index]));
        return true;
      }),
    ),
  );
}

/** Every member sees the whole cluster, and every master has a replica that has caught up. */
async function untilConverged(members: readonly Member[]): Promise<void> {
  await Promise.all(
    members.map(({ node, client }) =>
      until(`${node.name} sees a whole cluster`, async () => {
        const [state, known] = await Promise.all([
          clusterInfo(client, 'cluster_state'),
          clusterInfo(client, 'cluster_known_nodes'),
        ]);
        if (state !== 'ok' || Number(known) < names.length) return false;
        const replication = await client.info('replication');
        return /^role:master/m.test(replication)
          ? /^slave\d+:.*state=online/m.test(replication)
          : /^master_link_status:up/m.test(replication);
      }),
    ),
  );
}

async function clusterInfo(client: Redis, field: string): Promise<string | undefined> {
  return new RegExp(`^${field}:(\\S+)`, 'm').exec(String(await client.cluster('INFO')))?.[1];
}
