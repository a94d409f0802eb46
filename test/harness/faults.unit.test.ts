import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { poll } from '../../sandbox/core/poll.ts';
import type { Place } from '../../sandbox/engines/contract/isolation.ts';
import { type FaultPath, openFaultPath } from '../../sandbox/harness/faults/fault-path.ts';
import type { StoreFault } from '../../sandbox/harness/faults/store-fault.ts';
import { seed, seedText } from '../support/seed.ts';
import { type EchoClient, type EchoServer, echoClient, echoServer } from './support/echo-server.ts';

const root = join(import.meta.dirname, '../..');

let server: EchoServer;
let path: FaultPath;
const port = () => Number(new URL(path.place.uri).port);

beforeEach(async () => {
  server = await echoServer();
  const uri = `echo://user:pass@127.0.0.1:${server.port}/3?mode=plain`;
  path = await openFaultPath({ id: 'place', uri, environment: { ECHO_URL: uri, ECHO_USER: 'user' } }, {});
});

afterEach(async () => {
  await path[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** Returns how long each took, in milliseconds. */
async function roundTrips(client: EchoClient, count: number): Promise<readonly number[]> {
  const before = client.received().length;
  const tookMs: number[] = [];
  for (let sent = 1; sent <= count; sent += 1) {
    const startedMs = performance.now();
    client.send('x');
    await client.until(before + sent);
    tookMs.push(performance.now() - startedMs);
  }
  return tookMs;
}

const connectCode = () =>
  echoClient(port()).then(
    () => 'connected',
    (thrown: NodeJS.ErrnoException) => thrown.code,
  );

test('the addresses of a store are those of its proxy, with everything else of them as it was', () => {
  expect(port()).not.toBe(server.port);
  expect(path.place).toEqual({
    id: 'place',
    uri: `echo://user:pass@127.0.0.1:${port()}/3?mode=plain`,
    environment: { ECHO_URL: `echo://user:pass@127.0.0.1:${port()}/3?mode=plain`, ECHO_USER: 'user' },
  });
});

test('every answer is late by the latency, the quickest by no more than as much again, and none before and after it', async () => {
  const latencyMs = 20;
  const count = 20;
  using client = await echoClient(port());
  // Any of them may find the processors busy: the quickest of so many tells what the proxy does.
  expect(Math.min(...(await roundTrips(client, count)))).toBeLessThan(latencyMs);
  await path.fault({ latencyMs });
  const quickestMs = Math.min(...(await roundTrips(client, count)));
  expect(quickestMs).toBeGreaterThanOrEqual(latencyMs);
  expect(quickestMs).toBeLessThan(2 * latencyMs);
  await path.heal();
  expect(Math.min(...(await roundTrips(client, count)))).toBeLessThan(latencyMs);
});

test('latency delays, and is no limit to how much comes: answers under way together are late together', async () => {
  using client = await echoClient(port());
  await path.fault({ latencyMs: 1_000 });
  const startedMs = performance.now();
  const bytes = Buffer.alloc(30_000_000, 'ab');
  client.send(bytes);
  expect((await client.until(bytes.length)).equals(bytes)).toBe(true);
  const tookMs = performance.now() - startedMs;
  expect(tookMs).toBeGreaterThanOrEqual(1_000);
  // They come in 458 pieces of 64 KiB, or more: late one after the other, they would take as many seconds.
  expect(tookMs).toBeLessThan(60_000);
});

test('answers that are late come at once when the latency ends', async () => {
  using client = await echoClient(port());
  await path.fault({ latencyMs: 3_600_000 });
  client.send('held up');
  await poll(() => server.receivedCount() === 7, { timeoutMs: 10_000, onTimeout: () => new Error('it never arrived') });
  await path.heal();
  expect(String(await client.until(7))).toBe('held up');
});

test('a store that is down ends its connections and refuses new ones; nobody else is given its port', async () => {
  using client = await echoClient(port());
  await roundTrips(client, 1);
  await path.fault('down');
  await client.ended;
  expect(await connectCode()).toBe('ECONNREFUSED');
  expect(await isTaken(port())).toBe(true);
  await path.heal();
  using again = await echoClient(port());
  await roundTrips(again, 1);
});

/** Whether the system gives the port to nobody who asks for any: it has a socket there. Other systems do not say. */
async function isTaken(asked: number): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const address = `0100007F:${asked.toString(16).toUpperCase().padStart(4, '0')}`;
  const sockets = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/));
  return sockets.some(([, local, , state]) => local === address && state !== ended);
}

/** `TIME_WAIT`, of a connection that has ended: it keeps nobody from the port (Linux, `include/net/tcp_states.h`). */
const ended = '06';

test('connections of a store that resets are reset, and so are new ones', async () => {
  using client = await echoClient(port());
  await roundTrips(client, 1);
  await path.fault('reset');
  expect(await client.ended).toBe('ECONNRESET');
  const refused = await echoClient(port()).then(
    ({ ended }) => ended,
    ({ code }) => code,
  );
  expect(refused).toBe('ECONNRESET');
});

test('an answer is cut after exactly as many bytes, on each connection, also on those that were open', async () => {
  using before = await echoClient(port());
  before.send('before the fault');
  await before.until(16);
  await path.fault({ cutAfterBytes: 5 });
  using after = await echoClient(port());
  for (const client of [before, after]) client.send('0123456789');
  expect(await Promise.all([before.ended, after.ended])).toEqual(['end', 'end']);
  expect([before, after].map((client) => String(client.received()))).toEqual(['before the fault01234', '01234']);
  await path.heal();
  using healed = await echoClient(port());
  healed.send('0123456789');
  expect(String(await healed.until(10))).toBe('0123456789');
});

test('a store that pauses answers nothing, keeps its connections, and goes on where it was', async () => {
  using client = await echoClient(port());
  await roundTrips(client, 1);
  await path.fault('pause');
  client.send('asked meanwhile');
  using later = await echoClient(port());
  later.send('new');
  // The control: what is not paused answers long before the other one does.
  using control = await echoClient(server.port);
  await roundTrips(control, 100);
  expect([client, later].map((each) => each.received().length)).toEqual([1, 0]);
  await path.heal();
  expect(String(await client.until(16))).toBe('xasked meanwhile');
  expect(String(await later.until(3))).toBe('new');
});

test('what a fault returns ends that fault, and none that has followed it', async () => {
  const down = await path.fault('down');
  const reset = await path.fault('reset');
  await down[Symbol.asyncDispose]();
  expect(
    await echoClient(port()).then(
      ({ ended }) => ended,
      ({ code }) => code,
    ),
  ).toBe('ECONNRESET');
  await reset[Symbol.asyncDispose]();
  using client = await echoClient(port());
  await roundTrips(client, 1);
});

test('all connections end with the proxy, and the server sees none any more', async () => {
  using client = await echoClient(port());
  await roundTrips(client, 1);
  const gone = port();
  await path[Symbol.asyncDispose]();
  await client.ended;
  await expect(echoClient(gone)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await expect(path.fault('down')).rejects.toMatchObject({ code: 'LEASE_NOT_FOUND' });
  await poll(() => server.openCount() === 0, { timeoutMs: 10_000, onTimeout: () => new Error('one is left') });
});

/** Has a store that fails, with a connection that was carried, and nothing else to do. */
const idleProgram = (uri: string) => `
  import { once } from 'node:events';
  import net from 'node:net';
  import { openFaultPath } from ${JSON.stringify(join(root, 'sandbox/harness/faults/fault-path.ts'))};
  const { place, fault } = await openFaultPath({ id: 'place', uri: '${uri}', environment: {} }, {});
  const client = net.connect(Number(new URL(place.uri).port), '127.0.0.1');
  client.write('x');
  await once(client, 'data');
  client.unref();
  await fault({ latencyMs: 60_000 });
  client.write('y');
  if (process.argv.includes('down')) await fault('down');
  console.log('done');
`;

test.each([[], ['down']])('a process that has nothing else to do ends: %j', async (...options) => {
  const program = idleProgram(path.place.uri);
  const { stdout } = await execa(process.execPath, ['--input-type=module', '-e', program, '--', ...options], {
    timeout: 60_000,
  });
  expect(stdout).toBe('done');
});

test('a server that is gone is seen as such', async () => {
  using client = await echoClient(port());
  await roundTrips(client, 1);
  await server[Symbol.asyncDispose]();
  expect(await client.ended).toBe('end');
  expect(
    await echoClient(port()).then(
      ({ ended }) => ended,
      ({ code }) => code,
    ),
  ).toBe('ECONNRESET');
  server = await echoServer();
});

test.each([
  ['away', 'UNKNOWN_FAULT'],
  [{}, 'UNKNOWN_FAULT'],
  [undefined, 'UNKNOWN_FAULT'],
  [null, 'UNKNOWN_FAULT'],
  ['toString', 'UNKNOWN_FAULT'],
  [{ latencyMS: 3 }, 'UNKNOWN_FAULT'],
  [{ latencyMs: -1 }, 'BAD_OPTION'],
  [{ latencyMs: Number.NaN }, 'BAD_OPTION'],
  [{ latencyMs: '200' }, 'BAD_OPTION'],
  [{ latencyMs: 3_600_001 }, 'BAD_OPTION'],
  [{ cutAfterBytes: 1.5 }, 'BAD_OPTION'],
  [{ cutAfterBytes: Number.POSITIVE_INFINITY }, 'BAD_OPTION'],
])('%j is no fault: %s, and nothing changes', async (fault, code) => {
  await expect(path.fault(fault as StoreFault)).rejects.toMatchObject({ code });
  using client = await echoClient(port());
  await roundTrips(client, 1);
});

test.each(['mongodb://a:1,b:2/db?replicaSet=set', 'http://127.0.0.1', 'http://a:1,http://b:2', 'echo://'])(
  'a store at %s cannot be led through a proxy',
  async (uri) => {
    const place: Place = { id: 'place', uri, environment: {} };
    await expect(openFaultPath(place, {})).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
  },
);

/** Faults under which a connection stays, and those that end it. */
const gentle = fc.oneof(
  fc.constant<StoreFault>('pause'),
  fc.integer({ min: 0, max: 15 }).map((latencyMs): StoreFault => ({ latencyMs })),
);
const rough = fc.oneof(
  fc.constantFrom<StoreFault>('down', 'reset'),
  fc.integer({ min: 0, max: 3_000 }).map((cutAfterBytes): StoreFault => ({ cutAfterBytes })),
);
const bytes = fc.uint8Array({ minLength: 1, maxLength: 4_000 }).map((each) => Buffer.from(each));

function untilReceived(count: number): Promise<unknown> {
  return poll(() => server.receivedCount() >= count, {
    timeoutMs: 10_000,
    intervalMs: 1,
    onTimeout: () => new Error(`the server has ${server.receivedCount()} of ${count} bytes`),
  });
}

test(`no byte is lost, added or moved by faults that keep connections, ${seedText}`, async () => {
  const steps = fc.array(fc.tuple(fc.option(gentle, { nil: undefined }), bytes), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      using client = await echoClient(port());
      let wantedCount = server.receivedCount();
      for (const [fault, sent] of all) {
        await (fault === undefined ? path.heal() : path.fault(fault));
        client.send(sent);
        wantedCount += sent.length;
        // Each is an answer of its own under way, where the server gets to see it.
        if (fault !== 'pause') await untilReceived(wantedCount);
      }
      await path.heal();
      const wanted = Buffer.concat(all.map(([, sent]) => sent));
      client.finish();
      expect((await client.until(wanted.length)).equals(wanted)).toBe(true);
      expect(await client.ended).toBe('end');
      expect(client.received().length).toBe(wanted.length);
    }),
    { seed, numRuns: 40 },
  );
});

test(`after any faults a healed store is whole, and what came before was a beginning of the truth, ${seedText}`, async () => {
  const steps = fc.array(fc.tuple(fc.oneof(gentle, rough), bytes), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(steps, bytes, async (all, last) => {
      using client = await echoClient(port());
      for (const [fault, sent] of all) {
        await path.fault(fault);
        client.send(sent);
      }
      await path.heal();
      const wanted = Buffer.concat(all.map(([, sent]) => sent));
      const received = client.received();
      expect(wanted.subarray(0, received.length).equals(received)).toBe(true);
      using healed = await echoClient(port());
      healed.send(last);
      expect((await healed.until(last.length)).equals(last)).toBe(true);
    }),
    { seed, numRuns: 40 },
  );
});
