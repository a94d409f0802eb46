import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
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

/** A program that answers every command with nothing, with room for hardly anybody who waits to be let in. */
const lateProgram = `
  const answer = (socket) => (data) => socket.write('$0\\r\\n\\r\\n'.repeat(String(data).match(/^[*]/gm)?.length ?? 0));
  const server = require('node:net').createServer((socket) => socket.on('error', () => {}).on('data', answer(socket)));
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port));`;

test('a node that lets nobody in for a while is waited for by who has work for it, and not by who asks whether it is there', async () => {
  const child = spawn(process.execPath, ['-e', lateProgram], { stdio: ['ignore', 'pipe', 'inherit'] });
  const waiting: Socket[] = [];
  try {
    const port = Number((await once(child.stdout, 'data'))[0]);
    child.kill('SIGSTOP');
    // Where the queue has no room the system lets a client try on, as a machine does that is too busy to take it.
    waiting.push(...Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => {})));
    await once(waiting[0] as Socket, 'connect');
    const node = { host: '127.0.0.1', port } as NodeHandle;
    const working = openClient(node, {});
    working.catch(() => {});
    await expect(openClient(node, {}, { commandTimeoutMs: 100 })).rejects.toThrow(/ETIMEDOUT/);
    child.kill('SIGCONT');
    await using client = await working;
    expect(client.status).toBe('ready');
  } finally {
    for (const socket of waiting) socket.destroy();
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});
