import { join } from 'node:path';
import { execa } from 'execa';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { inNamespace } from '../../sandbox/containers/faults/fault-helper.ts';
import { findFaults } from '../../sandbox/containers/faults/fault-records.ts';
import type { NodeHandle } from '../../sandbox/containers/nodes/node-spec.ts';
import { isRunning, startNodeAgain, stopNode } from '../../sandbox/containers/nodes/nodes.ts';
import { docker } from '../../sandbox/containers/runtime/docker.ts';
import { execInNode } from '../../sandbox/containers/runtime/exec.ts';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { openClient } from '../../sandbox/engines/redis/server/connection.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { healAbandoned } from '../../sandbox/stack/remove/clean-up.ts';
import { eventually } from '../topologies/support/write-through.ts';
import { untilAllAnswer } from './support/until-all-answer.ts';

let stack: Stack<'redis'>;
let first: NodeHandle;
let second: NodeHandle;

beforeAll(async () => {
  const options = { size: 'none', connect: false, dataSizeBytes: 32 * 2 ** 20 } as const;
  stack = await createStack({ engines: ['redis'], topologies: { redis: 'replicated' }, ...options });
  [first, second] = stack.engines.redis.nodes as unknown as [NodeHandle, NodeHandle];
});
afterAll(() => stack?.dispose());
afterEach(async () => {
  await stack.faults.heal();
  expect(await stack.faults.active()).toEqual([]);
  await untilAllAnswer(stack.engines.redis);
});

/** What a client on this machine gets from a node, over a connection of its own. */
async function ask<Value>(node: NodeHandle, question: (client: Redis) => Promise<Value>): Promise<Value> {
  await using client = await openClient(node, stack.engines.redis.secrets);
  return await question(client);
}

/** Whether one node reaches the other one's server over the containers' network, within a second. */
async function hears(from: NodeHandle, to: NodeHandle): Promise<boolean> {
  const command = ['timeout', '1', 'bash', '-c', `exec 3<>/dev/tcp/${to.address}/6379`];
  return (await execInNode(from, command)).exitCode === 0;
}

/** On a busy machine a second may pass before the shell has begun: who is to be heard is tried again. */
function untilHears(from: NodeHandle, to: NodeHandle): Promise<boolean> {
  return eventually(`${from.name} hears ${to.name}`, () => hears(from, to));
}

async function roundTripMs(node: NodeHandle): Promise<number> {
  return ask(node, async (client) => {
    const beganMs = performance.now();
    await client.ping();
    return performance.now() - beganMs;
  });
}

/** Time to get 256 KB of a value that the node holds. */
async function transferMs(node: NodeHandle): Promise<number> {
  return ask(node, async (client) => {
    const beganMs = performance.now();
    await client.eval("return string.rep('x', 262144)", 0);
    return performance.now() - beganMs;
  });
}

describe('processes', () => {
  test('a node that is killed or stopped is down until it is healed', async () => {
    for (const kind of ['kill', 'stop'] as const) {
      await stack.faults.inject({ kind, node: second.name });
      expect(await isRunning(second)).toBe(false);
      expect(await stack.faults.active()).toEqual([{ kind, node: second.name }]);
      await stack.faults.heal(second.name);
      expect(await isRunning(second)).toBe(true);
      await untilAllAnswer(stack.engines.redis);
    }
  });

  test('a kill tells when the process died, which is before the container engine says that it did', async () => {
    const beganMs = Date.now();
    const { diedAtMs } = await stack.faults.inject({ kind: 'kill', node: second.name });
    expect(diedAtMs).toBeGreaterThanOrEqual(beganMs);
    expect(diedAtMs).toBeLessThanOrEqual(Date.now());
  });

  test('a node that is paused takes connections and gives no answer, until it is healed', async () => {
    await using client = await openClient(second, stack.engines.redis.secrets);
    await stack.faults.inject({ kind: 'pause', node: second.name });
    const answer = client.ping();
    const late = new Promise((resolve) => setTimeout(resolve, 300, 'late'));
    expect(await Promise.race([answer, late])).toBe('late');
    await stack.faults.heal();
    expect(await answer).toBe('PONG');
  });

  test('a node that is wiped comes back without its data', async () => {
    await execInNode(second, ['touch', '/data/mark']);
    await stack.faults.inject({ kind: 'wipe', node: second.name });
    expect((await execInNode(second, ['test', '-e', '/data/mark'])).exitCode).toBe(1);
  });
});

describe('the network', () => {
  test('an isolated node is cut off from its peers, and not from clients', async () => {
    await untilHears(first, second);
    await stack.faults.inject({ kind: 'isolate', node: second.name });
    expect([await hears(first, second), await hears(second, first)]).toEqual([false, false]);
    expect(await ask(second, (client) => client.ping())).toBe('PONG');
    await stack.faults.heal();
    await untilHears(first, second);
  });

  test('groups of a partition do not hear each other, and hear their own', async () => {
    const third = stack.engines.redis.nodes[2] as NodeHandle;
    await stack.faults.inject({ kind: 'partition', groups: [[first.name], [second.name, third.name]] });
    expect([await hears(first, second), await hears(third, first)]).toEqual([false, false]);
    await untilHears(second, third);
    await stack.faults.heal();
    await untilHears(third, first);
  });

  test('loss in one direction drops what arrives and lets out what is sent', async () => {
    await stack.faults.inject({ kind: 'loss', node: second.name, direction: 'in', peers: [first.name] });
    expect(await hears(first, second)).toBe(false);
    const dropped = async (chain: string) => {
      const { output } = await inNamespace(targetOf(second), ['counters', chain]);
      return Number(output.trim());
    };
    expect(await dropped('TAISHANG_FAULT_IN')).toBeGreaterThan(0);
    expect(await dropped('TAISHANG_FAULT_OUT')).toBe(0);
    await stack.faults.heal();
    await untilHears(first, second);
  });

  test('latency delays answers by both ways, and ends the connections that would go past it', async () => {
    await using before = await openClient(second, stack.engines.redis.secrets);
    await stack.faults.inject({ kind: 'latency', node: second.name, latencyMs: 150, jitterMs: 20 });
    await expect(before.ping()).rejects.toThrow();
    expect(await roundTripMs(second)).toBeGreaterThanOrEqual(2 * (150 - 20));
    await stack.faults.heal();
    await eventually('answers come without a delay', async () => (await roundTripMs(second)) < 2 * (150 - 20));
  });

  test('resets end connections that are there and refuse new ones', async () => {
    await using client = await openClient(second, stack.engines.redis.secrets);
    await stack.faults.inject({ kind: 'reset', node: second.name });
    await expect(client.ping()).rejects.toThrow();
    await expect(roundTripMs(second)).rejects.toThrow();
  });

  test('a limit of bandwidth makes a large answer late', async () => {
    await stack.faults.inject({ kind: 'bandwidth', node: second.name, kilobitsPerS: 1_000 });
    // 256 KiB are two megabits; what fits into the burst is sent at once.
    expect(await transferMs(second)).toBeGreaterThan(1_200);
    await stack.faults.heal();
    await eventually('an answer comes without a limit', async () => (await transferMs(second)) < 1_200);
  });
});

describe('what cannot be undone by whoever made it', () => {
  test('a full disk refuses writes until it is healed, and is not made on the disk of the machine', async () => {
    const write = () => execInNode(second, ['dd', 'if=/dev/zero', 'of=/data/more', 'bs=4k', 'count=1']);
    await stack.faults.inject({ kind: 'fill-disk', node: second.name });
    expect((await write()).errorOutput).toMatch(/No space left on device/);
    await stack.faults.heal();
    expect((await write()).exitCode).toBe(0);

    await using other = await createStack({ engines: ['redis'], size: 'none', connect: false });
    const refused = await other.faults.inject({ kind: 'fill-disk', node: 'redis' }).catch((thrown) => thrown);
    expect(refused).toMatchObject({ code: 'NOT_SUPPORTED' });
    expect(await other.faults.active()).toEqual([]);
  });

  test('faults of a process that was killed are undone by the next command', async () => {
    const maker = join(import.meta.dirname, 'support', 'make-fault.ts');
    const making = execa(process.execPath, [maker, stack.name, second.name], { reject: false, stdin: 'ignore' });
    await new Promise<void>((resolve, reject) => {
      making.stdout.once('data', () => resolve());
      making.then(({ stderr }) => reject(new Error(stderr)), reject);
    });
    await healAbandoned();
    expect(await hears(first, second)).toBe(false);
    making.kill('SIGKILL');
    await making;
    await healAbandoned();
    await untilHears(first, second);
    expect(await findFaults({ [labelNames.stack]: stack.name })).toEqual([]);
  });

  test('what there is not is refused before anything is broken', async () => {
    const unknown = await stack.faults.inject({ kind: 'kill', node: 'redis-9' }).catch((thrown) => thrown);
    expect(unknown).toMatchObject({ code: 'UNKNOWN_NODE' });
    const skew = await stack.faults.inject({ kind: 'clock-skew', node: first.name }).catch((thrown) => thrown);
    expect(skew).toMatchObject({ code: 'NOT_SUPPORTED' });
    expect(skew.message).toContain('share the clock');
    for (const groups of [[[first.name]], [[first.name], []], [[first.name], [first.name, second.name]]]) {
      const oneSided = await stack.faults.inject({ kind: 'partition', groups }).catch((thrown) => thrown);
      expect(oneSided).toMatchObject({ code: 'BAD_OPTION' });
    }
    const alone = await stack.faults
      .inject({ kind: 'loss', node: first.name, peers: [first.name] })
      .catch((thrown) => thrown);
    expect(alone).toMatchObject({ code: 'BAD_OPTION' });
    expect(await stack.faults.active()).toEqual([]);
  });

  test.each(['kill', 'stop', 'pause'] as const)('a node that is down by a %s is not broken once more', async (kind) => {
    await stack.faults.inject({ kind, node: second.name });
    for (const again of ['kill', 'stop', 'pause', 'isolate', 'fill-disk'] as const) {
      const refused = await stack.faults.inject({ kind: again, node: second.name }).catch((thrown) => thrown);
      expect(refused, again).toMatchObject({ code: 'STACK_NOT_RUNNING' });
    }
    expect(await stack.faults.active()).toEqual([{ kind, node: second.name }]);
  });
});

test.each(['kill', 'isolate'] as const)('a %s is over once its node was started again, by whomever', async (kind) => {
  await stack.faults.inject({ kind, node: second.name });
  expect(await stack.faults.active()).toEqual([{ kind, node: second.name }]);
  await stopNode(second);
  await startNodeAgain(second);
  expect(await stack.faults.active()).toEqual([]);
  expect(await stack.faults.heal()).toEqual([]);
  expect(await findFaults({ [labelNames.stack]: stack.name })).toEqual([]);
});

test('no fault outlives its stack', async () => {
  const own = await createStack({ engines: ['redis'], size: 'none', connect: false });
  await own.faults.inject({ kind: 'pause', node: 'redis' });
  await own.faults.inject({ kind: 'latency', node: 'redis', latencyMs: 10 }).catch(() => {});
  await own.dispose();
  const all = await (await docker()).listContainers({
    all: true,
    filters: { label: [`${labelNames.stack}=${own.name}`] },
  });
  expect(all).toEqual([]);
});

function targetOf(node: NodeHandle) {
  return {
    stackName: stack.name,
    node: node.name,
    containerId: node.containerId,
    image: node.image,
    state: 'running' as const,
  };
}
