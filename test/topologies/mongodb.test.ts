import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Failover } from '../../sandbox/engines/contract/failover.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import { mongodb } from '../../sandbox/engines/mongodb/engine.ts';
import { hastySet } from '../../sandbox/engines/mongodb/failover/workloads.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { casesOf } from '../../scenarios/failover/cases.ts';
import { runSuites } from '../../scenarios/run-suites.ts';

const failover = mongodb.failover as Failover;

let stack: Stack<'mongodb'>;
let running: RunningEngine;
beforeAll(async () => {
  stack = await createStack({ engines: ['mongodb'], size: 'none' });
  running = stack.engines.mongodb;
});
afterAll(() => stack?.dispose());

test('the control writes with w:1 what the drills write with a majority, and each member is read', () => {
  const cases = casesOf(failover, 'full');
  expect(cases.filter(({ isControl }) => isControl)).toMatchObject([
    { schedule: { name: 'positive-control' }, workload: 'set', contract: { topology: 'replicated' } },
  ]);
  expect(failover.weakenedSet).toBe(hastySet);
  expect(mongodb.failover.workloads.set?.openMember).toBeTypeOf('function');
});

test('the set of the control holds what was added, through any client and from the member alone', async () => {
  await hastySet.prepare(running);
  await using client = await hastySet.open(running);
  for (const value of [1, 2, 3]) expect(await client.add(value)).toBe('ok');
  expect(await client.readAll()).toEqual([1, 2, 3]);
  await using member = await hastySet.openMember?.(running, 'mongodb');
  expect(await member?.readAll()).toEqual([1, 2, 3]);
  expect(await client.add(1)).toBe('fail');
});

test.runIf(process.env.SANDBOX_MONGODB_IMAGE === undefined)(
  'on the stand-in every drill of the replica set is not-run, with the reason',
  async () => {
    const { results, summary } = await runSuites({ engines: ['mongodb'], suites: ['failover'] });
    expect(summary).toMatchObject({ pass: 0, fail: 0, unknown: 0 });
    expect(results.length).toBeGreaterThan(8);
    for (const { reason } of results) expect(reason).toMatch(/does not replicate/);
  },
);
