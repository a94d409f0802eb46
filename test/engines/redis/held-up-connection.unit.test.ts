import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { NodeHandle } from '../../../sandbox/containers/nodes/node-spec.ts';
import { openClient } from '../../../sandbox/engines/redis/server/connection.ts';

/** A server that takes every command, and says of itself that it is ready. */
async function startServer() {
  const info = 'redis_version:8.0.0\r\nloading:0';
  const server = net.createServer((socket) => {
    socket.on('data', (data) => {
      for (const command of String(data).split(/(?=\*\d)/)) {
        socket.write(/\binfo\b/i.test(command) ? `$${info.length}\r\n${info}\r\n` : '+OK\r\n');
      }
    });
    socket.on('error', () => {});
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** Has this process do something else for so long, once a connection is on its way and waited for. */
function holdUp(forMs: number): void {
  const { createConnection } = net;
  const spy = vi.spyOn(net, 'createConnection').mockImplementation(((...options: [object]) => {
    const socket: Socket = createConnection(...(options as unknown as [number]));
    const setTimeout = socket.setTimeout.bind(socket);
    socket.setTimeout = (timeoutMs, onTimeout) => {
      setTimeout(timeoutMs, onTimeout);
      socket.setTimeout = setTimeout;
      for (const endMs = performance.now() + forMs; performance.now() < endMs; );
      return socket;
    };
    return socket;
  }) as typeof createConnection);
  onTestFinished(() => spy.mockRestore());
}

test('a process that has no core for two seconds does not take a server for one that is not there', async () => {
  const port = await startServer();
  holdUp(2_000);
  await using client = await openClient({ host: '127.0.0.1', port } as NodeHandle, { default: 'any' });
  expect(await client.call('ANY')).toBe('OK');
});
