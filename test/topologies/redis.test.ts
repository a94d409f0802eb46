import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { NodeHandle } from '../../sandbox/containers/nodes/node-spec.ts';
import { killNode, startNodeAgain, stopNode } from '../../sandbox/containers/nodes/nodes.ts';
import { docker } from '../../sandbox/containers/runtime/docker.ts';
import { messageOf } from '../../sandbox/core/errors.ts';
import type { Failover } from '../../sandbox/engines/contract/failover.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import { redis } from '../../sandbox/engines/redis/engine.ts';
import { giveUp } from '../../sandbox/engines/redis/failover/promote-by-sentinel.ts';
import { redisClientFromEnvironment } from '../../sandbox/engines/redis/server/client.ts';
import { sentinelName } from '../../sandbox/engines/redis/server/client-options.ts';
import { connect, openClient, openSentinel } from '../../sandbox/engines/redis/server/connection.ts';
import { openMasters, primaryNode } from '../../sandbox/engines/redis/server/masters.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { takeDown } from '../../sandbox/stack/remove/take-down.ts';
import { eventually, untilWritable } from './support/write-through.ts';

const failover = redis.failover as Failover;

const topologies = ['clustered', 'replicated'] as const;

async function roleOf(node: NodeHandle, running: RunningEngine): Promise<unknown> {
  await using client = await openClient(node, running.secrets);
  const [role] = (await client.call('ROLE')) as unknown[];
  return role;
}

async function somePrimary(running: RunningEngine): Promise<NodeHandle> {
  for (const node of running.nodes) if ((await roleOf(node, running)) === 'master') return node;
  throw new Error('no node is a primary');
}

async function flagsOfSentinel(node: NodeHandle, running: RunningEngine): Promise<string> {
  await using sentinel = await openSentinel(node, running.secrets);
  const fields = (await sentinel.call('SENTINEL', 'MASTER', sentinelName)) as string[];
  return fields[fields.indexOf('flags') + 1] ?? '';
}

async function addressOf(node: NodeHandle): Promise<string | undefined> {
  const { NetworkSettings } = await (await docker()).getContainer(node.containerId).inspect();
  return NetworkSettings.Networks[node.network]?.IPAddress;
}

/** How often clients have asked these members for the slots. */
async function slotLooks(running: RunningEngine, nodes: readonly NodeHandle[]): Promise<number> {
  const looks = await Promise.all(
    nodes.map(async (node) => {
      await using client = await openClient(node, running.secrets);
      return Number(/^cmdstat_cluster\|slots:calls=(\d+)/m.exec(await client.info('commandstats'))?.[1] ?? 0);
    }),
  );
  return looks.reduce((sum, count) => sum + count, 0);
}

describe.each(topologies)('redis %s', (topology) => {
  let stack: Stack<'redis'>;
  let running: RunningEngine;

  beforeAll(async () => {
    stack = await createStack({ engines: ['redis'], topologies: { redis: topology }, size: 'small' });
    running = stack.engines.redis;
  });
  afterAll(() => stack?.dispose());
  // Whatever the test before has broken.
  beforeEach(async () => {
    await failover.settle?.(running);
    if (topology === 'clustered') await untilWhole(running);
  });

  test('the whole contract of the schema holds', async () => {
    if (stack.dataset === undefined) throw new Error('nothing was loaded');
    for (const promise of redis.schema.contract) await promise.run(running, stack.dataset);
    await using masters = await openMasters(running);
    expect(masters.clients).toHaveLength(topology === 'clustered' ? 3 : 1);
  });

  test('every query path has its plan and its answer', async () => {
    if (stack.dataset === undefined) throw new Error('nothing was loaded');
    for (const path of redis.bench.paths) {
      await using prepared = await path.prepare({ running, dataset: stack.dataset });
      expect(await prepared.checkPlan(), path.name).toMatchObject({ ok: true });
      expect(await prepared.checkAnswer(), path.name).toMatchObject({ ok: true });
    }
  });

  test('an ordinary client made from the environment follows kill -9 of a primary', async () => {
    const victim = await somePrimary(running);
    const client = redisClientFromEnvironment(stack.environment);
    const errors: string[] = [];
    client.on('error', (error) => errors.push(error.message));
    try {
      // One key of every master: each slot range is asked.
      const keys = Array.from({ length: 30 }, (_, index) => `topologies:${index}`);
      const writeAll = () => Promise.all(keys.map((key) => client.set(key, 'written')));
      await untilWritable(writeAll);
      // From before the kill on: a busy Docker says that it is done when another one may have taken over already.
      const killedAtMs = performance.now();
      await killNode(victim);
      await untilWritable(writeAll);
      expect(performance.now() - killedAtMs).toBeGreaterThan(500);
      const survivors = running.nodes.filter((node) => node !== victim);
      const roles = await Promise.all(survivors.map((node) => roleOf(node, running)));
      expect(roles.filter((role) => role === 'master')).toHaveLength(topology === 'clustered' ? 3 : 1);
      // Nobody needs a route to the containers' network.
      if (client instanceof Cluster) {
        expect(client.nodes().every(({ options }) => options.host === '127.0.0.1')).toBe(true);
      }

      await startNodeAgain(victim);
      await eventually('the old primary follows', async () => (await roleOf(victim, running)) === 'slave');
      expect(await addressOf(victim)).toBe(victim.address);
      await untilWritable(writeAll);
    } finally {
      client.disconnect();
    }
  });

  test('a planned failover loses nothing, and the old primary follows', async () => {
    const client = redisClientFromEnvironment(stack.environment);
    client.on('error', () => {});
    try {
      await untilWritable(() => client.set('topologies:count', 0));
      let sent = 0;
      let over = false;
      const counting = (async () => {
        // Refused while no replica follows, which is no loss: an application asks again.
        for (; !over; sent += 1) await untilWritable(() => client.incr('topologies:count'));
      })();
      // Awaited below; where the failover fails, that is told first.
      counting.catch(() => {});
      const handed = await failover.handOver?.(running);
      const primary = running.nodes.find(({ name }) => name === handed?.to) as NodeHandle;
      over = true;
      await counting;
      expect(handed?.from).not.toBe(handed?.to);
      expect(await roleOf(primary, running)).toBe('master');
      // A command may be sent twice, and none may be lost.
      expect(Number(await client.get('topologies:count'))).toBeGreaterThanOrEqual(sent);
      const old = running.nodes.find(({ name }) => name === handed?.from) as NodeHandle;
      await eventually('the old primary follows', async () => (await roleOf(old, running)) === 'slave');
    } finally {
      client.disconnect();
    }
  });

  test.runIf(topology === 'replicated')(
    'a failover that is given up is under way for no Sentinel any more',
    async () => {
      const flags = (node: NodeHandle) => flagsOfSentinel(node, running);
      const kept = await eventually('one is given up', async () => {
        await failover.settle?.(running);
        const from = await primaryNode(running);
        const to = running.nodes.find((node) => node !== from) as NodeHandle;
        await using sentinel = await openSentinel(to, running.secrets);
        await sentinel.call('SENTINEL', 'FAILOVER', sentinelName);
        // Without being given up it would go on.
        const isUnderWay = (await flags(to)).includes('failover_in_progress');
        const isPromoted = await giveUp({ running, from, to, pause: async () => {} });
        return isUnderWay && !isPromoted && { from, to };
      });
      for (const node of running.nodes) expect(await flags(node)).not.toContain('failover_in_progress');
      // They find the replicas again, and each other.
      await failover.settle?.(running);
      expect(await roleOf(kept.from, running)).toBe('master');
      expect(await roleOf(kept.to, running)).toBe('slave');
      await untilWritable(() => stack.clients.redis.set('topologies:1', 'written'));
    },
  );

  test.runIf(topology === 'clustered')(
    'a client that is made while the cluster has failed is connected once it is whole',
    async () => {
      await using masters = await openMasters(running);
      const [some] = masters.clients;
      const slots = (await some?.cluster('SLOTS')) as unknown as [number, number, ...[string, number][]][];
      const members = slots[0]?.slice(2).map((member) => (member as [string, number])[0]) ?? [];
      const lost = running.nodes.filter(({ address }) => members.includes(address ?? ''));
      const left = running.nodes.find((node) => !lost.includes(node)) as NodeHandle;
      expect(lost).toHaveLength(2);
      await Promise.all(lost.map((node) => killNode(node)));
      await using survivor = await openClient(left, running.secrets);
      await eventually('the cluster has failed', async () =>
        /^cluster_state:fail/m.test(String(await survivor.cluster('INFO'))),
      );
      const others = running.nodes.filter((node) => !lost.includes(node));
      const looksAtFirst = await slotLooks(running, others);
      let isConnected = false;
      const connecting = connect(running).finally(() => {
        isConnected = true;
      });
      // It looks, finds the cluster failing, and looks again by itself.
      await eventually('it has looked again', async () => (await slotLooks(running, others)) >= looksAtFirst + 2);
      expect(isConnected).toBe(false);
      await Promise.all(lost.map(startNodeAgain));
      await using connection = await connecting;
      await untilWritable(() => connection.client.set('topologies:1', 'written'));
    },
  );

  test('data and roles outlive a restart of all nodes at once', async () => {
    const before = await redis.data.fingerprint(running);
    await Promise.all(running.nodes.map(stopNode));
    await Promise.all(running.nodes.map(startNodeAgain));
    await untilWritable(() => stack.clients.redis.set('topologies:1', 'written'));
    // One slot that can be written is not all of them, which a fingerprint reads.
    if (topology === 'clustered') await untilWhole(running);
    expect((await redis.data.fingerprint(running)).parts.keys).toBe(before.parts.keys);
  });
});

test.each(topologies)(
  'a %s that comes up on another network knows its members by their new addresses',
  async (topology) => {
    const directory = await mkdtemp(join(tmpdir(), 'taishang-topologies-'));
    const options = {
      engines: ['redis'],
      topologies: { redis: topology },
      size: 'none',
      ephemeral: false,
      directory,
    } as const;
    let blocker: { remove(): Promise<unknown> } | undefined;
    try {
      await using first = await createStack(options);
      await untilWritable(() => first.clients.redis.set('kept', 'yes'));
      const { network } = first.engines.redis.nodes[0] as NodeHandle;
      const client = await docker();
      const { IPAM } = await client.getNetwork(network).inspect();
      await first.dispose();
      await takeDown({ directory, volumes: false });
      const Config = [{ Subnet: IPAM?.Config?.[0]?.Subnet ?? '' }];
      blocker = await client
        .createNetwork({
          Name: `${network}-other`,
          Labels: { 'dev.taishang.sandbox.stack': `${network}-other` },
          IPAM: { Driver: 'default', Config },
        })
        .catch((thrown) => {
          // Another stack of this machine was faster: its network takes the addresses as well as ours.
          if (!/overlaps/.test(messageOf(thrown))) throw thrown;
          return undefined;
        });

      await using second = await createStack(options);
      const addresses = (nodes: readonly NodeHandle[]) => nodes.map(({ address }) => address);
      expect(addresses(second.engines.redis.nodes)).not.toEqual(addresses(first.engines.redis.nodes));
      expect(await second.clients.redis.get('kept')).toBe('yes');
      await untilWritable(() => second.clients.redis.set('kept', 'still'));
    } finally {
      await takeDown({ directory, volumes: true });
      await blocker?.remove();
      await rm(directory, { recursive: true, force: true });
    }
  },
);

/** Every member finds the cluster well, and a replica beside each master: a test before may have killed some. */
async function untilWhole(running: RunningEngine): Promise<void> {
  await eventually('the cluster is whole for each of its members', async () => {
    const views = running.nodes.map(async (node) => {
      await using client = await openClient(node, running.secrets);
      const isWell = /^cluster_state:ok/m.test(String(await client.cluster('INFO')));
      const ranges = (await client.cluster('SLOTS')) as unknown as readonly (readonly unknown[])[];
      // First slot, last slot, master, replica.
      return isWell && ranges.length > 0 && ranges.every((range) => range.length === 4);
    });
    return (await Promise.all(views)).every(Boolean);
  });
}
