import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { poll } from '../../sandbox/core/poll.ts';
import type { Place } from '../../sandbox/engines/contract/isolation.ts';
import { clientOf } from '../../sandbox/harness/broker/protocol/broker-client.ts';
import { connectBroker } from '../../sandbox/harness/broker/protocol/connect-broker.ts';
import { messageBytesMax } from '../../sandbox/harness/broker/protocol/messages.ts';
import { type Server, serveBroker } from '../../sandbox/harness/broker/protocol/serve.ts';
import { seed, seedText } from '../support/seed.ts';
import { memoryServer } from './support/memory-engine.ts';
import { type TestBroker, testBroker } from './support/test-broker.ts';

let folder: string;
let path: string;
let tested: TestBroker;
let server: Server;
const waitMs = 10_000;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taishang-broker-'));
  path = join(folder, 'broker');
  // A socket that a broker which was killed has left.
  await writeFile(path, '');
  tested = await testBroker({ red: memoryServer({ capacity: 2 }) });
  server = await serveBroker({ path, broker: tested.broker });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await tested.broker[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** Sends bytes as they are, and returns what came back until the broker ended the connection. */
async function send(...parts: readonly (string | Uint8Array)[]): Promise<string> {
  const socket = connect(path);
  let answered = '';
  socket.on('data', (chunk) => {
    answered += chunk;
  });
  // It may be cut off while more is on its way.
  socket.on('error', () => {});
  for (const part of parts) socket.write(part);
  await once(socket, 'close');
  return answered;
}

async function client() {
  const connected = await connectBroker(path);
  if (connected === undefined) throw new Error('nobody listens');
  return connected;
}

const hello = JSON.stringify({ id: 1, ask: 'hello', version: 1, owner: { pid: process.pid, startedAtMs: 0 } });

test('nobody but its owner can open the socket', async () => {
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('what is leased over a connection comes back when that ends', async () => {
  const [first, second] = [await client(), await client()];
  await first.ask<'lease'>({ ask: 'lease', label: 'first', engines: ['red'], waitMs });
  await first.ask<'lease'>({ ask: 'lease', label: 'also first', engines: ['red'], waitMs });
  const waiting = second.ask<'lease'>({ ask: 'lease', label: 'second', engines: ['red'], waitMs });
  await first.close();
  await waiting;
  expect((await second.ask<'list'>({ ask: 'list' })).leases).toMatchObject([{ label: 'second', state: 'held' }]);
  await second.close();
});

test('an error keeps its code, engine, next step and evidence on the way', async () => {
  const connected = await client();
  await expect(connected.ask<'drop'>({ ask: 'drop', lease: '00000000' })).rejects.toMatchObject({
    code: 'LEASE_NOT_FOUND',
    next: expect.stringContaining('lease list'),
  });
  await connected.close();
});

test.each([
  ['no JSON', 'hello\n'],
  ['no object', '[]\n'],
  ['an unknown request', '{"id":1,"ask":"run"}\n'],
  ['a property too many', `${hello.replace('{', '{"x":1,')}\n`],
  ['another version', `${hello.replace('"version":1', '"version":2')}\n`],
  ['a prototype as an engine', `${hello}\n{"id":2,"ask":"lease","label":"x","engines":["__proto__"],"waitMs":1}\n`],
  ['a name of a file as a lease', `${hello}\n{"id":2,"ask":"show","lease":"../../x"}\n`],
  ['a wait without end', `${hello}\n{"id":2,"ask":"lease","label":"x","engines":[],"waitMs":1e300}\n`],
  ['a request before `hello`', '{"id":1,"ask":"list"}\n'],
  ['a line without end', 'x'.repeat(messageBytesMax + 1)],
  ['a line that is too long', `${hello}\n${JSON.stringify({ id: 2, ask: 'list', x: 'x'.repeat(messageBytesMax) })}\n`],
  ['bytes that are no text', new Uint8Array([0xff, 0xfe, 0, 10])],
])('%s is answered with the reason, and cut off', async (_, bytes) => {
  const last = (await send(bytes)).trimEnd().split('\n').at(-1) ?? '';
  expect(JSON.parse(last)).toMatchObject({ id: -1, error: { code: 'BROKER_FAILED' } });
});

test('what is too long for an answer is told, and ends no connection', async () => {
  const red = memoryServer({ leak: (values) => values });
  const other = await testBroker({ red });
  const socket = join(folder, 'other');
  await using _ = await serveBroker({ path: socket, broker: other.broker });
  const connected = await connectBroker(socket);
  if (connected === undefined) throw new Error('nobody listens');
  const { lease, places } = await connected.ask<'lease'>({ ask: 'lease', label: 'x', engines: ['red'], waitMs });
  red.write(places.red as Place, '鍵'.repeat(messageBytesMax));
  await expect(connected.ask<'release'>({ ask: 'release', lease, verify: true })).rejects.toMatchObject({
    code: 'ISOLATION_BROKEN',
    message: expect.stringMatching(/x did to it.*鍵/),
  });
  const label = '鍵'.repeat(300);
  for (let leases = 0; leases < 100; leases += 1)
    await connected.ask<'lease'>({ ask: 'lease', label, engines: [], waitMs });
  await expect(connected.ask<'list'>({ ask: 'list' })).rejects.toMatchObject({ code: 'BROKER_FAILED' });
  expect(connected.isOpen()).toBe(true);
  await connected.close();
  await other.broker[Symbol.asyncDispose]();
});

test('names of what every object has are no engines', async () => {
  const connected = await client();
  for (const engine of ['constructor', 'valueof', 'tostring', 'hasownproperty'])
    await expect(connected.ask<'lease'>({ ask: 'lease', label: 'x', engines: [engine], waitMs })).rejects.toThrow();
  await connected.close();
});

test('more open requests than anybody needs are cut off, and what waited is forgotten', async () => {
  const all = await client();
  await all.ask<'lease'>({ ask: 'lease', label: 'all', engines: ['red'], waitMs });
  await all.ask<'lease'>({ ask: 'lease', label: 'all', engines: ['red'], waitMs });
  const ask = (id: number) => JSON.stringify({ id, ask: 'lease', label: 'many', engines: ['red'], waitMs });
  const answered = await send(`${hello}\n${Array.from({ length: 300 }, (_, id) => ask(id)).join('\n')}\n`);
  expect(answered).toContain('more than 256 requests are open');
  await poll(async () => (await all.ask<'list'>({ ask: 'list' })).pools[0]?.waiting === 0, {
    timeoutMs: 10_000,
    onTimeout: () => new Error('somebody still waits'),
  });
  await all.close();
});

test('as many processes as come share the stores, each in its turn', async () => {
  const many = await Promise.all(Array.from({ length: 300 }, client));
  // The last one waits for all others.
  const allMs = many.length * waitMs;
  const used = many.map(async (each, index) => {
    const asked = { ask: 'lease', label: `test ${index}`, engines: ['red'], waitMs: allMs } as const;
    const { places } = await each.ask<'lease'>(asked);
    await each.close();
    return Object.keys(places);
  });
  expect(new Set((await Promise.all(used)).flat())).toEqual(new Set(['red']));
});

test('who comes to a broker that has no room waits until somebody goes, and is told for what where nobody does', async () => {
  const at = join(folder, 'full');
  await using _ = await serveBroker({ path: at, broker: tested.broker, connectionsMax: 2 });
  const [one, other] = await Promise.all([connectBroker(at), connectBroker(at)]);
  await expect(connectBroker(at, { waitMs: 100 })).rejects.toMatchObject({
    code: 'BROKER_BUSY',
    message: expect.stringMatching(/within \d+(\.\d+)? s: 2 processes are connected/),
  });
  const waiting = connectBroker(at, { waitMs });
  await one?.close();
  const third = await waiting;
  expect((await third?.ask<'list'>({ ask: 'list' }))?.leases).toEqual([]);
  await third?.close();
  await other?.close();
});

test('a broker whose queue of connections is full is there all the same', async () => {
  const at = join(folder, 'stopped');
  const listen =
    "require('node:net').createServer().listen({ path: process.argv[1], backlog: 1 }, () => console.log('listens'))";
  const child = spawn(process.execPath, ['-e', listen, at], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  const queued: Socket[] = [];
  try {
    const isFull = async () => {
      const socket = connect(at).on('error', () => {});
      queued.push(socket);
      return once(socket, 'connect').then(
        () => false,
        (thrown) => thrown.code === 'EAGAIN',
      );
    };
    await poll(isFull, { timeoutMs: 10_000, onTimeout: () => new Error('the queue is never full') });
    await expect(connectBroker(at, { waitMs: 100 })).rejects.toMatchObject({ code: 'BROKER_BUSY' });
    // One that hangs hears no goodbye either, and keeps nobody.
    await clientOf(queued[0] as Socket).close();
  } finally {
    for (const socket of queued) socket.destroy();
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  expect(await connectBroker(at)).toBeUndefined();
});

test('a goodbye to a broker whose connection fails meanwhile is a goodbye all the same', async () => {
  const socket = connect(path);
  await once(socket, 'connect');
  const goodbye = clientOf(socket).close();
  socket.destroy(new Error('reset'));
  await goodbye;
});

test('a broker that has ended removes no socket of the next one', async () => {
  const at = join(folder, 'followed');
  const first = await serveBroker({ path: at, broker: tested.broker });
  const ended = first[Symbol.asyncDispose]();
  writeFileSync(at, 'of the next one');
  await ended;
  expect((await stat(at)).size).toBeGreaterThan(0);
});

test('what is no broker, or may not be reached, is not taken for the end of one', async () => {
  const inFile = join(folder, 'broker', 'of a file');
  await expect(connectBroker(inFile)).rejects.toMatchObject({ code: 'BROKER_FAILED' });
});

test(`no bytes end the broker [${seedText}]`, async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json().map((text) => `${text}\n`),
    fc.json().map((text) => `${hello}\n${text}\n`),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(bytes, { maxLength: 5 }), async (parts) => {
      const socket = connect(path);
      socket.on('error', () => {});
      for (const part of parts) socket.write(part);
      socket.end();
      socket.resume();
      await once(socket, 'close');
    }),
    { seed, numRuns: 50 },
  );
  const connected = await client();
  await connected.close();
});

test('who asks an ended broker is told, and one who waits too', async () => {
  const other = await testBroker({ red: memoryServer({ capacity: 1 }) });
  const at = join(folder, 'ends');
  const ending = await serveBroker({ path: at, broker: other.broker });
  const connected = await connectBroker(at);
  await connected?.ask<'lease'>({ ask: 'lease', label: 'has it', engines: ['red'], waitMs });
  const waiting = connected?.ask<'lease'>({ ask: 'lease', label: 'waits', engines: ['red'], waitMs });
  const told = expect(waiting).rejects.toMatchObject({ code: 'LEASE_LOST' });
  await ending[Symbol.asyncDispose]();
  await told;
  await expect(connected?.ask<'list'>({ ask: 'list' })).rejects.toMatchObject({ code: 'LEASE_LOST' });
  expect(await connectBroker(at)).toBeUndefined();
  await other.broker[Symbol.asyncDispose]();
});
