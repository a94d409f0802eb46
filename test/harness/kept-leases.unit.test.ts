import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { poll } from '../../sandbox/core/poll.ts';
import type { Place } from '../../sandbox/engines/contract/isolation.ts';
import { createKeptLeases } from '../../sandbox/harness/broker/kept/kept-leases.ts';
import { keptRecord } from '../../sandbox/harness/broker/kept/kept-record.ts';
import { listLeases, showLease } from '../../sandbox/harness/looked-at.ts';
import { stackFolder } from '../../sandbox/stack/state/stack-folder.ts';
import { memoryServer } from './support/memory-engine.ts';
import { holder, owner, type TestBroker, testBroker } from './support/test-broker.ts';

const waitMs = 10_000;
const keep = { atMost: 2, forMs: 60_000 };
const until = (what: string, isSo: () => boolean) =>
  poll(isSo, { timeoutMs: 10_000, onTimeout: () => new Error(`not within 10 s: ${what}`) });

/** A test that has written something, and failed. */
async function fail({ broker, servers }: TestBroker, label: string, how = keep): Promise<{ id: string; place: Place }> {
  const who = holder(10);
  const { lease, places } = await broker.lease(who, { label, engines: ['red'], waitMs });
  const place = places.red as Place;
  servers.red?.write(place, label);
  expect(await broker.release(who, { lease, verify: true, keep: how })).toEqual({ kept: how.atMost > 0 });
  return { id: lease, place };
}

test('stores of a failed test stay as they are, without a test that has them, and are found by their lease', async () => {
  const tested = await testBroker();
  const { id, place } = await fail(tested, 'signs up');
  expect(tested.broker.list().leases).toMatchObject([{ id, label: 'signs up', state: 'kept', processId: 10 }]);
  expect(JSON.stringify(tested.broker.list())).not.toContain(place.uri);
  expect(tested.broker.show(id).places).toEqual({ red: { ...place, uri: `${place.uri}?kept` } });
  expect(tested.servers.red?.places.get(place.id)?.values).toEqual(['signs up']);
  await tested.broker.drop(id);
  expect(tested.servers.red?.places.has(place.id)).toBe(false);
  await expect(tested.broker.drop(id)).rejects.toMatchObject({ code: 'LEASE_NOT_FOUND' });
  await tested.broker[Symbol.asyncDispose]();
});

test('no more are kept than may be: the oldest is given up', async () => {
  const tested = await testBroker();
  const failed = [await fail(tested, 'first'), await fail(tested, 'second'), await fail(tested, 'third')];
  expect(tested.broker.list().leases.map(({ label }) => label)).toEqual(['second', 'third']);
  await until('its store is gone', () => !tested.servers.red?.places.has(failed[0]?.place.id ?? ''));
  await fail(tested, 'none', { ...keep, atMost: 0 });
  expect(tested.broker.list().leases.map(({ label }) => label)).toEqual(['second', 'third']);
  await tested.broker[Symbol.asyncDispose]();
});

test('the oldest is given up where the clock was put back, and what is said to be kept is', async () => {
  const tested = await testBroker();
  await fail(tested, 'first');
  await fail(tested, 'second');
  vi.stubEnv('SANDBOX_CLOCK_OFFSET', '-1h');
  try {
    await fail(tested, 'third');
  } finally {
    vi.unstubAllEnvs();
  }
  expect(tested.broker.list().leases.map(({ label }) => label)).toEqual(['second', 'third']);
  await tested.broker[Symbol.asyncDispose]();
});

test('none is kept for longer than may be', async () => {
  const tested = await testBroker();
  const { place } = await fail(tested, 'old', { ...keep, forMs: 1 });
  await fail(tested, 'young');
  await until('it is given up', () => tested.broker.list().leases.length === 1);
  await until('its store is gone', () => !tested.servers.red?.places.has(place.id));
  expect(tested.written().map(({ label }) => label)).toEqual(['young']);
  await tested.broker[Symbol.asyncDispose]();
});

test('one that is kept never lets a test wait', async () => {
  const tested = await testBroker({ red: memoryServer({ capacity: 1 }) });
  await fail(tested, 'failed');
  const who = holder(11);
  const { lease } = await tested.broker.lease(who, { label: 'next', engines: ['red'], waitMs });
  expect(tested.broker.list().leases).toMatchObject([{ id: lease, state: 'held' }]);
  await expect(tested.broker.drop(lease)).rejects.toMatchObject({ code: 'LEASE_IN_USE' });
  await tested.broker[Symbol.asyncDispose]();
});

test('one that is kept is left alone where another place is free by now', async () => {
  const red = memoryServer({ capacity: 2, isShared: true });
  red.places.set('of another one', { owner: owner(2), values: [] });
  const tested = await testBroker({ red });
  const { id, place } = await fail(tested, 'failed');
  red.places.delete('of another one');
  const { lease } = await tested.broker.lease(holder(11), { label: 'next', engines: ['red'], waitMs });
  expect(tested.broker.list().leases.map((each) => each.id)).toEqual([lease, id]);
  expect(red.places.get(place.id)?.values).toEqual(['failed']);
  await tested.broker[Symbol.asyncDispose]();
});

test('who waits already when tests fail has their places', async () => {
  const tested = await testBroker({ red: memoryServer({ capacity: 2 }) });
  const { broker } = tested;
  const [who, other] = [holder(10), holder(11)];
  const lease = (whose: typeof who, label: string) => broker.lease(whose, { label, engines: ['red'], waitMs });
  const failing = await Promise.all([lease(who, 'first'), lease(who, 'second')]);
  const waiting = Promise.all([lease(other, 'third'), lease(other, 'fourth')]);
  await until('two wait', () => broker.list().pools[0]?.waiting === 2);
  await Promise.all(failing.map((each) => broker.release(who, { lease: each.lease, verify: false, keep })));
  await waiting;
  expect(broker.list().leases.map(({ label, state }) => [label, state])).toEqual([
    ['third', 'held'],
    ['fourth', 'held'],
  ]);
  await broker[Symbol.asyncDispose]();
});

test('they outlive their broker: the next one knows them, spares them, and can give them up', async () => {
  const red = memoryServer();
  const first = await testBroker({ red }, { pid: 1 });
  const [kept, dropped] = [await fail(first, 'kept'), await fail(first, 'dropped')];
  await first.broker[Symbol.asyncDispose]();
  expect([...red.places.keys()]).toEqual([kept.place.id, dropped.place.id]);

  const next = await testBroker({ red }, { pid: 2, kept: first.written() });
  next.dead.add(1);
  await next.broker.drop(dropped.id);
  expect([...red.places.keys()]).toEqual([kept.place.id]);
  await next.broker.lease(holder(11), { label: 'other', engines: ['red'], waitMs });
  expect(red.places.get(kept.place.id)?.values).toEqual(['kept']);
  await next.broker[Symbol.asyncDispose]();
  expect([...red.places.keys()]).toEqual([kept.place.id]);
});

test('what could not be written down is with the next lease that is kept', async () => {
  const [problems, written]: [string[], number[]] = [[], []];
  let isFull = true;
  const record = {
    read: async () => [],
    async write(leases: readonly unknown[]) {
      if (isFull) throw new Error('no space is left');
      written.push(leases.length);
    },
  };
  const follow = (what: string, work: Promise<unknown>) => {
    work.catch((thrown: Error) => problems.push(`${what}: ${thrown.message}`));
  };
  const kept = await createKeptLeases({ record, dropPlace: async () => {}, follow });
  const lease = (id: string) => ({ id, label: 'x', processId: 1, places: {} });
  kept.keep(lease('00000000'), keep);
  await kept.written();
  isFull = false;
  kept.keep(lease('00000001'), keep);
  await kept.written();
  expect({ problems, written }).toEqual({
    problems: ['the record of kept leases: no space is left'],
    written: [2],
  });
});

test('what is written down is for its owner alone, goes with the stack, and need not be whole', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'taishang-kept-'));
  vi.stubEnv('XDG_DATA_HOME', directory);
  try {
    const identity = { directory, name: 'kept-leases' };
    const record = keptRecord(identity);
    expect(await record.read()).toEqual([]);
    const place = { id: 'a', uri: 'memory://user:password@a', environment: {} };
    const lease = { id: '00000000', label: 'x', processId: 1, sinceMs: 1, untilMs: 2, places: { red: place } };
    await record.write([lease]);
    expect(await record.read()).toEqual([lease]);
    // Its time is over, and its store is there until a broker removes it.
    expect((await listLeases(identity)).leases).toMatchObject([{ id: lease.id, state: 'kept' }]);
    expect((await showLease(identity, lease.id)).places).toEqual({ red: place });
    const folder = await stackFolder(directory, identity.name);
    const [file = ''] = await readdir(folder);
    expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
    const text = await readFile(join(folder, file), 'utf8');
    for (const damaged of ['', text.slice(0, 40), '{}', 'null', '[null, {}, {"id": 1}]']) {
      await writeFile(join(folder, file), damaged);
      expect(await record.read()).toEqual([]);
    }
    // What is whole beside it is kept.
    const unopened = { ...lease, places: { red: { id: 'a', uri: 'memory://a' } } };
    await writeFile(join(folder, file), JSON.stringify([unopened, { ...lease, untilMs: 'soon' }, lease]));
    expect(await record.read()).toEqual([lease]);
    const { forgetStack } = await import('../../sandbox/stack/state/stack-state.ts');
    await forgetStack(directory, identity.name);
    expect(await readdir(join(directory, 'taishang-sandbox', 'stacks'))).toEqual([]);
  } finally {
    vi.unstubAllEnvs();
    await rm(directory, { recursive: true });
  }
});
