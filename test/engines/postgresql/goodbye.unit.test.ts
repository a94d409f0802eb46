import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { openClient } from '../../../sandbox/engines/postgresql/server/connection.ts';

/** AuthenticationOk and ReadyForQuery (PostgreSQL documentation, "Message Formats"). */
const welcome = Buffer.from([...[0x52, 0, 0, 0, 8, 0, 0, 0, 0], ...[0x5a, 0, 0, 0, 5, 0x49]]);

test('a connection to a server that fell silent ends all the same', async () => {
  const sockets: Socket[] = [];
  // It lets a client in and then reads nothing more, as one that is paused.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.pause();
      socket.write(welcome);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const opened = await openClient({ host: '127.0.0.1', port } as never, {}, { database: 'any' });
  await opened[Symbol.asyncDispose]();
  expect(sockets).toHaveLength(1);
  for (const socket of sockets) socket.destroy();
  server.close();
});
