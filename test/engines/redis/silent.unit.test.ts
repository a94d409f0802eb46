import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import type { NodeHandle } from '../../../sandbox/containers/nodes/node-spec.ts';
import { ownUser } from '../../../sandbox/engines/redis/backup/acl-file.ts';
import { insight } from '../../../sandbox/engines/redis/insight/insight.ts';
import { openClient, openSentinel } from '../../../sandbox/engines/redis/server/connection.ts';
import { openMasters } from '../../../sandbox/engines/redis/server/masters.ts';

afterEach(() => vi.unstubAllEnvs());

/** A server that takes connections, and gives no answer but these, by the names of commands. */
async function silentServer(answers: Readonly<Record<string, string>> = {}) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      for (const [, name = ''] of String(data).matchAll(/\*\d+\r\n\$\d+\r\n([^\r]*)\r\n/g))
        socket.write(answers[name.toLowerCase()] ?? '');
    });
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

test('queries of a server that a test has left paused are given up: its place would never come back', async () => {
  const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
  // All that is asked while its commands begin to be watched.
  await using server = await silentServer({
    hello: '%1\r\n$5\r\nproto\r\n:3\r\n',
    info: bulk('redis_version:8.0.0\r\nloading:0\r\n'),
    client: bulk('id=1 addr=127.0.0.1:1 laddr=127.0.0.1:2'),
    slowlog: '*0\r\n',
    monitor: '+OK\r\n',
  });
  // Five seconds: the first answers must come in them too.
  vi.stubEnv('SANDBOX_DEADLINE_FACTOR', '0.5');
  const uri = `redis://${ownUser}:secret@127.0.0.1:${server.port}/0`;
  const watch = await insight.watch({} as never, { id: 'place', uri, environment: {} });
  try {
    await expect(watch.queries()).rejects.toThrow(/timed out/);
  } finally {
    await watch[Symbol.asyncDispose]();
  }
}, 60_000);
