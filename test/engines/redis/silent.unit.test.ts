import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import type { NodeHandle } from '../../../sandbox/containers/nodes/node-spec.ts';
import { openClient, openSentinel } from '../../../sandbox/engines/redis/server/connection.ts';
import { openMasters } from '../../../sandbox/engines/redis/server/masters.ts';

afterEach(() => vi.unstubAllEnvs());

/** A server that takes connections, and gives no answer. */
async function silentServer() {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

test('a server by its address that takes the connection and is silent is given up', async () => {
  await using server = await silentServer();
  const url = `redis://:secret@127.0.0.1:${server.port}/0`;
  const running = { engine: 'redis', topology: 'standalone', url } as never;
  await expect(openMasters(running, { commandTimeoutMs: 100 })).rejects.toThrow(/time/i);
});

test.each(['server', 'Sentinel'])('a node whose %s is frozen is not waited for for ever', async (what) => {
  await using server = await silentServer();
  const node = { host: '127.0.0.1', port: server.port, hostPorts: { 26379: server.port } } as unknown as NodeHandle;
  vi.stubEnv('SANDBOX_DEADLINE_FACTOR', '0.02');
  const opening = what === 'server' ? openClient(node, {}) : openSentinel(node, {});
  await expect(opening).rejects.toThrow(/ETIMEDOUT|timed out/);
});
