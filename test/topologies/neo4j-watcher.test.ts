import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { execInNode } from '../../sandbox/containers/runtime/exec.ts';
import type { Failover } from '../../sandbox/engines/contract/failover.ts';
import type { NodeRole, RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import type { SetClient, Workload } from '../../sandbox/engines/contract/workloads.ts';
import { neo4j } from '../../sandbox/engines/neo4j/engine.ts';
import { roles } from '../../sandbox/engines/neo4j/failover/roles.ts';
import { watcherOf } from '../../sandbox/stack/attach/watcher-decisions.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { eventually } from './support/write-through.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const failover = neo4j.failover as Failover;
const set = neo4j.failover.workloads.set as Workload<SetClient>;

let stack: Stack<'neo4j'>;
let running: RunningEngine;
beforeAll(async () => {
  stack = await createStack({ engines: ['neo4j'], topologies: { neo4j: 'replicated' }, size: 'none' });
  running = stack.engines.neo4j;
  await eventually('a primary answers', async () => {
    await set.prepare(running);
    return true;
  });
});
afterAll(() => stack?.dispose());

const nodeNamed = (name: string) => running.nodes.find((node) => node.name === name) as RunningEngine['nodes'][number];

/** On a busy machine a member may need longer to say what it is than `topology` waits. */
function allRoles(): Promise<readonly NodeRole[]> {
  return eventually('every member says what it is', async () => {
    const found = await roles(running);
    return found.every(({ role }) => role !== 'down') && found;
  });
}

async function decisions(): Promise<string> {
  return (await watcherOf(running))?.decisions.map(({ text }) => text).join('\n') ?? '';
}

async function member(name: string): Promise<SetClient & AsyncDisposable> {
  if (set.openMember === undefined) throw new Error('a member cannot be reached by itself');
  return set.openMember(running, name);
}

/** Another write until one is acknowledged, and which that was. */
async function added(client: SetClient, from: number): Promise<number> {
  let next = from;
  await eventually('a write is acknowledged', async () => (await client.add(next++)) === 'ok');
  return next - 1;
}

async function readAll(name: string): Promise<readonly number[]> {
  await using client = await member(name);
  return client.readAll();
}

const untilTookOver = (name: string) =>
  eventually(`${name} took over`, async () => (await decisions()).includes(`${name} took over from`));

// Each step begins where the one before ends: a standby takes over with what it was last given.
test('the standby takes over as it is asked to and by itself, and what an old primary alone has is kept', async () => {
  await plannedFailover();
  await isolatedPrimary();
  await oldPrimaryGetsACopy();
});

/** A planned failover loses nothing that was acknowledged while it went on, and leaves a standby that lacks nothing. */
async function plannedFailover(): Promise<void> {
  // Before it was ever dumped nobody may take over, and no lag can be told.
  expect(await allRoles()).toMatchObject([{ role: 'primary' }, { role: 'standby', lagUnknown: 'no dump yet' }]);
  await using client = await set.open(running);
  const acknowledged = [await added(client, 1)];
  let isOver = false;
  const writing = (async () => {
    for (let next = 1_000; !isOver; next += 1) if ((await client.add(next)) === 'ok') acknowledged.push(next);
  })();
  try {
    expect(await failover.handOver?.(running, 'neo4j-standby')).toEqual({ from: 'neo4j', to: 'neo4j-standby' });
    const seen = acknowledged.length;
    await eventually('writes go on', async () => acknowledged.length > seen);
  } finally {
    isOver = true;
    await writing;
  }
  expect(await readAll('neo4j-standby')).toEqual(expect.arrayContaining(acknowledged));
  // The stop of the primary for its dump was not taken for its loss.
  expect(await decisions()).not.toMatch(/took over|nobody takes over/);
  await expect(failover.handOver?.(running, 'neo4j-standby')).rejects.toMatchObject({ code: 'FAILOVER_REFUSED' });
}

/** A primary that only clients reach is stopped before the standby takes over, and keeps what it alone has. */
async function isolatedPrimary(): Promise<void> {
  await using old = await member('neo4j-standby');
  const alone = await added(old, 200_000);
  await stack.faults.inject({ kind: 'isolate', node: 'neo4j-standby' });
  await using next = await member('neo4j');
  const order: string[] = [];
  // Two writers at once would show as an acknowledgement of the old one after one of the new one.
  await eventually('the new one takes writes', async () => {
    if ((await old.add(200_001 + order.length)) === 'ok') order.push('old');
    if ((await next.add(300_000 + order.length)) === 'ok') order.push('new');
    if ((await old.add(250_000 + order.length)) === 'ok') order.push('old');
    return order.includes('new') && order;
  });
  expect(order.lastIndexOf('old')).toBeLessThan(order.indexOf('new'));
  await untilTookOver('neo4j');
  expect(await decisions()).toMatch(
    /neo4j took over from neo4j-standby after \d+ ms with the dump of \d{4}-\d\d-\d\dT.*: what was committed since then is on neo4j-standby alone/,
  );
  await stack.faults.heal();
  await failover.settle?.(running);
  // It is no primary any more, and shows what it has.
  expect(await allRoles()).toMatchObject([
    { node: 'neo4j', role: 'primary' },
    { node: 'neo4j-standby', role: 'standby', lagUnknown: expect.stringContaining('another was promoted over it') },
  ]);
  await using back = await member('neo4j-standby');
  expect(await back.add(400_000)).toBe('fail');
  expect(await back.readAll()).toContain(alone);
  expect(await readAll('neo4j')).not.toContain(alone);
}

/** What an old primary alone has is kept when it gets a copy, and an idle primary has no lag, however old the dump is. */
async function oldPrimaryGetsACopy(): Promise<void> {
  expect(await failover.handOver?.(running)).toEqual({ from: 'neo4j', to: 'neo4j-standby' });
  const idle = { node: 'neo4j', role: 'standby', follows: 'neo4j-standby', lagTransactions: 0, lagMs: 0 };
  expect(await allRoles()).toMatchObject([idle, { role: 'primary' }]);
  await using client = await set.open(running);
  await added(client, 500_000);
  const [behind] = await allRoles();
  expect(behind).toMatchObject({ lagTransactions: 1, dumpAgeMs: expect.any(Number) });
  expect(behind).not.toHaveProperty('lagMs');

  const { output } = await execInNode(nodeNamed('neo4j-standby'), ['sh', '-c', 'ls -d /data/kept/*/*/neo4j']);
  expect(output.trim().split('\n')).toEqual([
    expect.stringMatching(/^\/data\/kept\/[\dTZ-]+\/databases\/neo4j$/),
    expect.stringMatching(/^\/data\/kept\/[\dTZ-]+\/transactions\/neo4j$/),
  ]);
}
