import { expect, test, vi } from 'vitest';
import { watcherOf } from '../../sandbox/stack/attach/watcher-decisions.ts';
import { enough } from '../../scenarios/failover/schedules/schedule.ts';
import { failover, testFaultsOfPrimary, useWatchedStack } from './support/watched-stack.ts';
import { eventually } from './support/write-through.ts';

vi.setConfig({ testTimeout: 300_000 });

const watched = useWatchedStack();
const { stack, running, expectOnePrimary, drill } = watched;

/** `npm run test:soak` pauses it as well, which takes a minute until it is seen. */
testFaultsOfPrimary(watched, ['kill', 'isolate']);

test('a planned failover loses nothing, to the node that is asked for', async () => {
  const before = await expectOnePrimary();
  const to =
    running()
      .nodes.map(({ name }) => name)
      .find((name) => name !== before) ?? '';
  await drill({
    name: 'hand-over',
    title: 'planned',
    run: async (run) => {
      await run.clients.acknowledged(enough);
      expect(await failover.handOver?.(running(), to)).toEqual({ from: before, to });
      await run.clients.acknowledged(enough);
      await run.subject.settle();
    },
  });
  expect(await expectOnePrimary()).toBe(to);
});

test('nothing is handed over, nor taken over, while a standby is away', async () => {
  const primary = await expectOnePrimary();
  const [standby = ''] = running()
    .nodes.map(({ name }) => name)
    .filter((name) => name !== primary);
  await stack().faults.inject({ kind: 'kill', node: standby });
  await expect(failover.handOver?.(running())).rejects.toMatchObject({ code: 'FAILOVER_REFUSED' });
  await stack().faults.inject({ kind: 'kill', node: primary });
  // One that is away may have what the one that is left does not.
  await eventually('the watcher says why', async () => {
    const decisions = (await watcherOf(running()))?.decisions ?? [];
    return decisions.some(({ text }) => text.startsWith('nobody takes over:') && text.includes(standby));
  });
  await stack().faults.heal();
  await failover.settle?.(running());
  await expectOnePrimary();
});
