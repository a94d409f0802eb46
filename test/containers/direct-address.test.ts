import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { directAddress } from '../../sandbox/containers/runtime/direct-address.ts';
import { serverPort } from '../../sandbox/engines/redis/server/client-options.ts';
import { openRespStream } from '../../sandbox/engines/redis/server/resp-stream.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';

test('a node is reached on its own network where its bridge is an interface of this machine, and nowhere else', async () => {
  await using stack = await createStack({ engines: ['redis'], size: 'none', connect: false });
  const { nodes, secrets } = stack.engines.redis;
  const [node] = nodes;
  if (node === undefined) throw new Error('no node runs');

  const address = await directAddress(node);
  // Docker on a Linux machine; behind a virtual machine there is no such interface.
  const isBridgeHere = Object.keys(networkInterfaces()).some((name) => name.startsWith('br-'));
  expect(address !== undefined).toBe(isBridgeHere);
  if (address !== undefined) {
    await using stream = openRespStream(address, serverPort, secrets.default ?? '');
    await stream.send('*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n', 1);
  }

  // The same address on an interface of another name is somebody else's.
  const renamed = Object.fromEntries(Object.entries(networkInterfaces()).map(([name, of]) => [`other-${name}`, of]));
  expect(await directAddress(node, renamed)).toBeUndefined();
});
