import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { openMasters } from '../../../sandbox/engines/redis/server/masters.ts';

test('a server by its address that takes the connection and is silent is given up', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const running = { engine: 'redis', topology: 'standalone', url: `redis://:secret@127.0.0.1:${port}/0` } as never;
  const opening = openMasters(running, { commandTimeoutMs: 100 });
  await expect(opening).rejects.toThrow(/time/i);
  for (const socket of sockets) socket.destroy();
  server.close();
}, 10_000);
