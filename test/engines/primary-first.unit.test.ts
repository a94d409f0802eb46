import { expect, test } from 'vitest';
import type { NodeHandle } from '../../sandbox/containers/nodes/node-spec.ts';
import type { Backup, BareTool, PointInTime } from '../../sandbox/engines/contract/backup.ts';
import type { RunningEngine, TopologyName } from '../../sandbox/engines/contract/topology.ts';
import { routeToPrimary } from '../../sandbox/engines/shared/server/primary-first.ts';
import { asItIs, type Routes, toPrimary } from '../../sandbox/engines/shared/server/routes.ts';

const [first, second] = ['first', 'second'].map((name) => ({ name }) as NodeHandle) as [NodeHandle, NodeHandle];
const runningAs = (topology: TopologyName) => ({ topology, nodes: [first, second] }) as unknown as RunningEngine;
const replicated = runningAs('replicated');
const namesOf = (running: RunningEngine | undefined) => running?.nodes?.map(({ name }) => name);

/** A capability that answers with the nodes that it was handed, by their names. */
const telling = {
  backup: {
    discardBeside: async (running: RunningEngine) => namesOf(running),
    doors: async (_: string, __: unknown, live?: RunningEngine) => namesOf(live) ?? ['nobody'],
    restore: async (target: RunningEngine) => namesOf(target),
    pointInTime: {
      collectLog: async (running: RunningEngine) => namesOf(running),
      keptLog: { reach: async (_: unknown, __: string, running?: RunningEngine) => namesOf(running) },
    },
  },
} as unknown as { readonly backup: Backup & { readonly pointInTime: PointInTime } };

const { backup } = routeToPrimary(telling, async () => second);
const manifest = {} as Parameters<Backup['restore']>[2];

test.each(['standalone', 'clustered'] as const)('a %s engine is handed over as it is', async (topology) => {
  expect(await backup.discardBeside?.(runningAs(topology))).toEqual(['first', 'second']);
});

test('what the live data is asked for is asked of the node that takes writes', async () => {
  expect(await backup.discardBeside?.(replicated)).toEqual(['second', 'first']);
  expect(await backup.doors?.('', manifest, replicated)).toEqual(['second', 'first']);
  expect(await backup.doors?.('', manifest)).toEqual(['nobody']);
  expect(await backup.pointInTime.keptLog.reach([], '', replicated)).toEqual(['second', 'first']);
});

test('what is restored goes into the nodes that were started for it', async () => {
  expect(await backup.restore(replicated, '', manifest)).toEqual(['first', 'second']);
});

test('where nobody takes writes, the log is collected all the same, and nothing else is', async () => {
  const routed = routeToPrimary(telling, () => Promise.reject(new Error('nobody takes writes')));
  expect(await routed.backup.pointInTime.collectLog(replicated, '', manifest)).toEqual(['first', 'second']);
  await expect(routed.backup.discardBeside?.(replicated)).rejects.toThrow('nobody takes writes');
});

test('a member without a route does not compile', () => {
  // @ts-expect-error `restore` has none.
  const routes: Routes<BareTool> = { name: asItIs, backUp: toPrimary };
  expect(Object.keys(routes)).not.toContain('restore');
});
