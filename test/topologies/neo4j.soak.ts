import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Failover } from '../../sandbox/engines/contract/failover.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import type { SetClient, Workload } from '../../sandbox/engines/contract/workloads.ts';
import { neo4j } from '../../sandbox/engines/neo4j/engine.ts';
import { roles } from '../../sandbox/engines/neo4j/failover/roles.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { eventually } from './support/write-through.ts';

const failover = neo4j.failover as Failover;
const set = neo4j.failover.workloads.set as Workload<SetClient>;

let stack: Stack<'neo4j'>;
let running: RunningEngine;
beforeAll(async () => {
  // Here the harness promotes, as in drills: nobody else does.
  const topologies = { neo4j: 'replicated' } as const;
  stack = await createStack({ engines: ['neo4j'], topologies, size: 'none', failover: false });
  running = stack.engines.neo4j;
  await set.prepare(running);
});
afterAll(() => stack?.dispose());

async function readAll(nodeName: string): Promise<readonly number[]> {
  await using client = await set.openMember?.(running, nodeName);
  return (await client?.readAll()) ?? [];
}

/** On a busy machine a server may need longer to say what it is than one look waits. */
function rolesAre(expected: readonly object[]): Promise<true> {
  return eventually('each says what it is', async () => {
    expect(await roles(running)).toMatchObject(expected);
    return true;
  });
}

test('a standby has what the last dump had, refuses writes, and loses what came after it when it is promoted', async () => {
  await using client = await set.open(running);
  await rolesAre([{ role: 'primary' }, { role: 'standby', lagUnknown: 'no dump yet' }]);
  expect(await client.add(1)).toBe('ok');
  await failover.refresh?.(running);
  expect(await readAll('neo4j-standby')).toEqual([1]);
  await using member = await set.openMember?.(running, 'neo4j-standby');
  expect(await member?.add(9)).toBe('fail');
  await rolesAre([{}, { follows: 'neo4j', lagMs: expect.any(Number) }]);

  // A client that was open before finds out by itself, with the first write that the old connection does not take.
  await using later = await set.open(running);
  expect(await later.add(2)).toBe('ok');
  await stack.faults.inject({ kind: 'kill', node: 'neo4j' });
  expect(await failover.promote?.(running)).toBe('neo4j-standby');
  // It comes back as no second primary.
  await stack.faults.heal();
  await failover.settle?.(running);
  await rolesAre([{ role: 'standby' }, { role: 'primary' }]);
  await using following = await set.open(running);
  expect(await following.readAll()).toEqual([1]);
  expect(await following.add(3)).toBe('ok');
  await failover.rejoin?.(running, 'neo4j');
  expect(await readAll('neo4j')).toEqual([1, 3]);
});
