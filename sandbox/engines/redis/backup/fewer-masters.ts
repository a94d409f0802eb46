import { AsyncDisposableStack } from '../../../core/disposable-stack.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { openClient } from '../server/connection.ts';
import { type Slots, slotCount } from '../server/masters.ts';
import { until } from '../server/until.ts';

/** What the first two masters of a fresh cluster of three get of the others' slots: each has half of them then. */
const moves: readonly { readonly slots: Slots; readonly to: 0 | 1 }[] = [
  { slots: [5_462, slotCount / 2 - 1], to: 0 },
  { slots: [10_923, slotCount - 1], to: 1 },
];

/** Slots of the two that are left. */
const halves: readonly Slots[] = [
  [0, slotCount / 2 - 1],
  [slotCount / 2, slotCount - 1],
];

/** Leaves two masters in a fresh cluster: the slots of the third one, and some of the second's, get other owners. */
export async function leaveTwoMasters(running: RunningEngine): Promise<RunningEngine> {
  await using opened = new AsyncDisposableStack();
  const clients = await Promise.all(
    running.nodes.map(async (node) => opened.use(await openClient(node, running.secrets))),
  );
  const owners = await Promise.all(clients.slice(0, 2).map((client) => client.cluster('MYID')));
  // Who gives slots away is told before who gets them: it would claim them again.
  for (const client of clients.slice(0, 3).toReversed()) {
    const commands = client.pipeline();
    for (const { slots, to } of moves) {
      for (let slot = slots[0]; slot <= slots[1]; slot += 1) {
        commands.call('CLUSTER', 'SETSLOT', slot, 'NODE', String(owners[to]));
      }
    }
    await commands.exec();
  }
  for (const client of clients.slice(0, 2)) await client.call('CLUSTER', 'BUMPEPOCH');
  await until('every member sees the same two masters', async () => {
    const views = await Promise.all(clients.map((client) => client.cluster('SLOTS')));
    const states = await Promise.all(clients.map((client) => client.cluster('INFO')));
    const ranges = views.map((view) => JSON.stringify((view as unknown as Slots[]).map(([from, to]) => [from, to])));
    return (
      ranges.every((each) => each === JSON.stringify(halves)) && states.every((state) => /state:ok/.test(String(state)))
    );
  });
  return running;
}
