import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Failover } from '../../sandbox/engines/contract/failover.ts';
import type { SetClient, Workload } from '../../sandbox/engines/contract/workloads.ts';
import { qdrant } from '../../sandbox/engines/qdrant/engine.ts';
import { hastySet } from '../../sandbox/engines/qdrant/failover/workloads.ts';
import { createFollowingClient } from '../../sandbox/engines/qdrant/server/following-client.ts';
import { roles } from '../../sandbox/engines/qdrant/server/peers.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { casesOf } from '../../scenarios/failover/cases.ts';
import { closedPort } from '../support/held-port.ts';
import { eventually, untilWritable } from './support/write-through.ts';

/** A port that takes connections, counts and breaks them. */
async function startBrokenPeer(): Promise<
  { readonly url: string; readonly connections: () => number } & AsyncDisposable
> {
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections += 1;
    socket.on('data', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    connections: () => connections,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

describe('a client that knows several peers', () => {
  let stack: Stack<'qdrant'>;
  beforeAll(async () => {
    stack = await createStack({ engines: ['qdrant'], size: 'none' });
  });
  afterAll(() => stack?.dispose());

  const clientOf = (first: string) => {
    const { QDRANT_URL = '', QDRANT_API_KEY = '' } = stack.environment;
    return createFollowingClient(`${first},${QDRANT_URL}`, QDRANT_API_KEY);
  };

  test('asks the next one at once where a connection is refused: nothing was sent', async () => {
    const { collections } = await clientOf(`http://127.0.0.1:${await closedPort()}`).getCollections();
    expect(collections.map(({ name }) => name)).toContain('user_vectors');
  });

  test('never sends again what a peer may have done, and goes on with the next one', async () => {
    await using broken = await startBrokenPeer();
    const client = clientOf(broken.url);
    await expect(client.getCollections()).rejects.toThrow();
    expect(broken.connections()).toBe(1);
    expect((await client.getCollections()).collections).not.toEqual([]);
    expect(broken.connections()).toBe(1);
  });

  test('stays with a peer that refuses a request as wrong', async () => {
    await using broken = await startBrokenPeer();
    const { QDRANT_URL = '', QDRANT_API_KEY = '' } = stack.environment;
    const client = createFollowingClient(`${QDRANT_URL},${broken.url}`, QDRANT_API_KEY);
    await expect(client.getCollection('nobody_made_it')).rejects.toMatchObject({ status: 404 });
    expect((await client.getCollections()).collections).not.toEqual([]);
    expect(broken.connections()).toBe(0);
  });
});

describe('the control, whose clients ask for one copy', () => {
  test('is drilled where there are peers, and reported with the reason where there are none', () => {
    const controls = casesOf(qdrant.failover as Failover, 'full').filter(({ isControl }) => isControl);
    expect(controls).toMatchObject([{ workload: 'set', contract: { topology: 'clustered' } }]);
    expect((qdrant.failover as Failover).weakenedSet).toBe(hastySet);
    expect(qdrant.topologies.clustered).toMatchObject({ notRunOn: { compatible: expect.stringMatching(/no peers/) } });
  });

  test('writes what it says that it wrote', async () => {
    await using stack = await createStack({ engines: ['qdrant'], size: 'none' });
    const running = stack.engines.qdrant;
    await hastySet.prepare(running);
    await using client = await hastySet.open(running);
    for (const value of [1, 2, 3]) expect(await client.add(value)).toBe('ok');
    await eventually('all are there', async () => (await client.readAll()).length === 3);
    await using member = await hastySet.openMember?.(running, 'qdrant');
    expect(await member?.readAll()).toEqual([1, 2, 3]);
  });
});

// Only where the image of the vendor's server is given: the stand-in has no peers.
describe.runIf(process.env.SANDBOX_QDRANT_IMAGE)('three peers', () => {
  const failover = qdrant.failover as Failover;
  const set = qdrant.failover.workloads.set as Workload<SetClient>;
  let stack: Stack<'qdrant'>;
  beforeAll(async () => {
    stack = await createStack({ engines: ['qdrant'], topologies: { qdrant: 'clustered' }, size: 'none' });
    await set.prepare(stack.engines.qdrant);
  });
  afterAll(() => stack?.dispose());

  test('an ordinary client writes on when its peer is killed, and a peer that lost its data gets all of it again', async () => {
    const running = stack.engines.qdrant;
    await using client = await set.open(running);
    expect(await client.add(1)).toBe('ok');
    const leader = (await roles(running)).find(({ role }) => role === 'leader')?.node ?? '';
    for (const [round, node] of ['qdrant-1', leader].entries()) {
      await stack.faults.inject({ kind: 'kill', node });
      let value = 10 * (round + 1);
      await untilWritable(async () => {
        value += 1;
        if ((await client.add(value)) !== 'ok') throw new Error('not yet');
      });
      await stack.faults.inject({ kind: 'wipe', node });
      await failover.replace?.(running, node);
      await stack.faults.heal();
      await failover.settle?.(running);
      await using member = await set.openMember?.(running, node);
      expect(await member?.readAll()).toEqual(expect.arrayContaining([1, value]));
    }
  });
});
