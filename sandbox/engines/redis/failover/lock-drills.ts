import assert from 'node:assert/strict';
import type { Faults } from '../../../containers/faults/faults.ts';
import { deadlineMs } from '../../../core/deadlines.ts';
import { messageOf } from '../../../core/errors.ts';
import { poll } from '../../../core/poll.ts';
import type { FailoverOwnCase } from '../../contract/failover.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { acquireLock, type HeldLock, releaseLock } from '../schema/lock.ts';
import type { RedisClient } from '../server/client.ts';
import { connect } from '../server/connection.ts';
import { roles } from './roles.ts';

/** What the platform's lock can promise, and what it cannot. */
export const lockDrills: readonly FailoverOwnCase[] = [
  {
    topology: 'standalone',
    name: 'a lock that is given back by its token has one holder, also after it has expired',
    run: async (running) => ({ holdersMax: await acrossExpiry(running, releaseLock, 1) }),
  },
  {
    topology: 'standalone',
    name: 'positive control: a lock that is given back by a bare DEL has two holders',
    run: async (running) => ({ holdersMax: await acrossExpiry(running, deleteLock, 2) }),
  },
  {
    topology: 'replicated',
    name: 'a lock does not exclude others across a failover, with a token or without: two hold it, and this is shown',
    run: async (running, faults) => ({ holdersMax: await acrossFailover(running, faults) }),
  },
];

const lockName = 'drill';
const shortMs = 150;
const longMs = 60_000;

type Release = (client: RedisClient, lock: HeldLock) => Promise<unknown>;

/** As the specification has it: whoever holds the lock now. */
async function deleteLock(client: RedisClient, { key }: HeldLock): Promise<void> {
  await client.del(key);
}

/**
 * The first holder is late: its lock expires, a second one takes it, and then the first gives "its" lock back. Whether a
 * third one gets it while the second still relies on it depends on how. Returns how many held it at the same moment.
 */
async function acrossExpiry(running: RunningEngine, release: Release, expected: number): Promise<number> {
  await using opened = await connect(running);
  const { client } = opened;
  const late = await acquireLock(client, lockName, shortMs);
  assert.ok(late !== undefined, 'a lock that nobody holds was refused');
  const second = await untilTaken(client);
  const holders = [second];
  await release(client, late);
  const third = await acquireLock(client, lockName, longMs);
  if (third !== undefined) holders.push(third);
  await client.del(second.key);
  assert.equal(holders.length, expected, `${holders.length} held the lock at the same moment`);
  return holders.length;
}

/** A primary that was cut off from its replicas gives the lock away, dies, and the next one knows nothing of it. */
async function acrossFailover(running: RunningEngine, faults: Faults): Promise<number> {
  const primary = (await roles(running)).find(({ role }) => role === 'primary')?.node;
  assert.ok(primary !== undefined, 'there is no primary');
  const others = running.nodes.flatMap(({ name }) => (name === primary ? [] : [name]));
  await using opened = await connect(running);
  await Promise.all(others.map((node) => faults.inject({ kind: 'loss', node, peers: [primary], direction: 'in' })));
  const first = await acquireLock(opened.client, lockName, longMs);
  const heldUntilMs = performance.now() + longMs;
  assert.ok(first !== undefined, 'a lock that nobody holds was refused');
  await faults.inject({ kind: 'kill', node: primary });
  await Promise.all(others.map((node) => faults.heal(node)));
  await using following = await connectAgain(running);
  await untilTaken(following.client);
  const holders = performance.now() < heldUntilMs ? 2 : 1;
  assert.equal(holders, 2, 'the second holder came only after the first one’s time was over: nothing was shown');
  return holders;
}

/** Clients find the new primary by themselves; the first tries may meet nobody. */
function connectAgain(running: RunningEngine): ReturnType<typeof connect> {
  return poll(() => connect(running), patience('a client finds the new primary'));
}

function untilTaken(client: RedisClient): Promise<HeldLock> {
  return poll(() => acquireLock(client, lockName, longMs), patience('the lock is free'));
}

function patience(what: string) {
  return {
    timeoutMs: deadlineMs('topologyConverged'),
    onTimeout: (last: unknown) => new Error(`timed out waiting until ${what}: ${messageOf(last)}`),
  };
}
