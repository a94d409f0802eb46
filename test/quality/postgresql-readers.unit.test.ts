import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { poll } from '../../sandbox/core/poll.ts';
import { createReaders } from '../../sandbox/engines/postgresql/quality/readers.ts';
import { unreached } from './support/unreached.ts';

/** A message of the server (PostgreSQL documentation, "Frontend/Backend Protocol"): its kind, its length, its text. */
function message(kind: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(kind), length, body]);
}

const ready = message('Z', Buffer.from('I'));
const welcome = Buffer.concat([message('R', Buffer.alloc(4)), ready]);
const done = Buffer.concat([message('C', Buffer.from('SET\0')), ready]);

/** A server that takes everybody in, and has nothing to say to a statement. */
async function peer() {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
    socket.once('data', () => {
      socket.write(welcome);
      socket.on('data', (data) => {
        if (data.toString('latin1', 0, 1) === 'Q') socket.write(done);
      });
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const running = {
    ...unreached,
    engine: 'postgresql',
    url: `postgresql://somebody:secret@127.0.0.1:${port}/app`,
  } as const;
  return {
    running,
    open,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

test('checks that fail hold no connection of PostgreSQL until the session ends', async () => {
  await using server = await peer();
  await using readers = createReaders(server.running);
  for (let check = 0; check < 5; check += 1) {
    const failing = readers.use('app', () => Promise.reject(new Error('that is no distribution')));
    await expect(failing).rejects.toThrow('that is no distribution');
  }
  await poll(() => server.open.size === 0, {
    timeoutMs: 60_000,
    onTimeout: () => new Error(`${server.open.size} connections are left open`),
  });
});
