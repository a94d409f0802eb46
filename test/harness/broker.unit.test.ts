import { expect, test } from 'vitest';
import { poll } from '../../sandbox/core/poll.ts';
import type { Place } from '../../sandbox/engines/contract/isolation.ts';
import { memoryServer } from './support/memory-engine.ts';
import { holder, owner, testBroker } from './support/test-broker.ts';

const waitMs = 10_000;
const asked = (label: string, ...engines: readonly string[]) => ({ label, engines, waitMs });
const until = (what: string, isSo: () => boolean) =>
  poll(isSo, { timeoutMs: 10_000, onTimeout: () => new Error(`not within 10 s: ${what}`) });

test('a lease has a place of its own for each engine, and what it leaves there reaches no other one', async () => {
  const [red, blue] = [memoryServer(), memoryServer()];
  const { broker } = await testBroker({ red, blue });
  const who = holder(10);
  const [one, other] = await Promise.all([
    broker.lease(who, asked('one', 'red', 'blue')),
    broker.lease(holder(11), asked('other', 'red', 'blue')),
  ]);
  expect(new Set([one, other].map(({ places }) => places.red?.id)).size).toBe(2);
  red.write(one.places.red as Place, 'left by one');
  await broker.release(who, { lease: one.lease, verify: false });
  const again = await broker.lease(holder(12), asked('again', 'red'));
  expect(red.places.get(again.places.red?.id ?? '')?.values).toEqual([]);
  await broker[Symbol.asyncDispose]();
  expect([...red.places.keys(), ...blue.places.keys()]).toEqual([]);
});

test('what a place has otherwise than its schema is told to who has it, as many lines as an answer has room for', async () => {
  const red = memoryServer();
  const { broker } = await testBroker({ red });
  const who = holder(10);
  const { lease, places } = await broker.lease(who, asked('migrates', 'red'));
  const drift = (whose: typeof who, engine = 'red') => broker.drift(whose, { lease, engine });
  expect(await drift(who)).toEqual({ count: 0, lines: [] });
  for (let dropped = 1; dropped <= 60; dropped += 1) red.write(places.red as Place, `users_${dropped}`);
  const { count, lines } = await drift(who);
  expect(count).toBe(60);
  expect(lines).toHaveLength(50);
  expect(lines[0]).toBe('red: table users_1 is missing');
  await expect(drift(holder(11))).rejects.toMatchObject({ code: 'LEASE_NOT_FOUND' });
  await expect(drift(who, 'blue')).rejects.toMatchObject({ code: 'LEASE_NOT_FOUND' });
  await broker[Symbol.asyncDispose]();
});

test('an engine that nobody names is never opened; one that is asked for later is of the same lease', async () => {
  const [red, blue] = [memoryServer(), memoryServer()];
  const { broker } = await testBroker({ red, blue });
  const who = holder(10);
  const { lease } = await broker.lease(who, asked('lazy', 'red'));
  expect(blue.counts.opened).toBe(0);
  const [first, second] = await Promise.all([1, 2].map(() => broker.place(who, { lease, engine: 'blue', waitMs })));
  expect(first).toEqual(second);
  expect(broker.list().leases).toMatchObject([{ id: lease, label: 'lazy', engines: ['red', 'blue'], processId: 10 }]);
  await broker[Symbol.asyncDispose]();
});

test('as many places as were ever out at once are made ahead, and no more than there can be', async () => {
  const red = memoryServer({ capacity: 3 });
  const { broker } = await testBroker({ red });
  const who = holder(10);
  await broker.lease(who, asked('first', 'red'));
  await until('one is ready', () => broker.list().pools[0]?.ready === 1);
  await broker.lease(who, asked('second', 'red'));
  await until('the last one is ready', () => broker.list().pools[0]?.ready === 1);
  expect(broker.list().pools).toEqual([
    { engine: 'red', ready: 1, out: 2, coming: 0, waiting: 0, places: 3, boundBy: '3 entries' },
  ]);
  expect(red.counts.made).toBe(3);
  await broker[Symbol.asyncDispose]();
});

test('a wait that takes too long says for what, for whom, and who has it', async () => {
  const { broker } = await testBroker({ red: memoryServer({ capacity: 1 }) });
  const { lease } = await broker.lease(holder(10), asked('the long one', 'red'));
  const waiting = broker.lease(holder(11), { ...asked('the short one', 'red'), waitMs: 20 });
  await expect(waiting).rejects.toMatchObject({
    code: 'LEASE_TIMEOUT',
    engine: 'red',
    message: expect.stringMatching(
      /red was free within 0\.02 s for the short one \(process 11\): 1 are out.*of 1.*1 entries/,
    ),
    evidence: expect.stringMatching(new RegExp(`lease ${lease}, held since .* by process 10: the long one`)),
  });
  expect(broker.list().pools[0]?.waiting).toBe(0);
  await broker[Symbol.asyncDispose]();
});

test('whoever waits gets the place that comes back, once it is as new, in the order of asking', async () => {
  const red = memoryServer({ capacity: 1 });
  const { broker } = await testBroker({ red });
  const who = holder(10);
  const first = await broker.lease(who, asked('first', 'red'));
  const order: string[] = [];
  const rest = ['second', 'third'].map(async (label) => {
    const { lease, places } = await broker.lease(who, asked(label, 'red'));
    expect(red.places.get(places.red?.id ?? '')?.values).toEqual([]);
    order.push(label);
    red.write(places.red as Place, label);
    await broker.release(who, { lease, verify: false });
  });
  red.write(first.places.red as Place, 'first');
  await broker.release(who, { lease: first.lease, verify: false });
  await Promise.all(rest);
  expect(order).toEqual(['second', 'third']);
  expect(red.counts.made).toBe(1);
  await broker[Symbol.asyncDispose]();
});

test('a reset is no part of a release, nor of the next hand-out', async () => {
  const red = memoryServer();
  const { broker } = await testBroker({ red });
  const who = holder(10);
  const { lease } = await broker.lease(who, asked('first', 'red'));
  await until('one is ready', () => broker.list().pools[0]?.ready === 1);
  const done = Promise.withResolvers<void>();
  red.before.reset = () => done.promise;
  await broker.release(who, { lease, verify: false });
  await broker.lease(who, asked('second', 'red'));
  expect(red.counts.reset).toBe(0);
  done.resolve();
  await until('it is reset', () => red.counts.reset === 1);
  await broker[Symbol.asyncDispose]();
});

test('what a process that is gone has comes back, and what it waits for goes to others', async () => {
  const red = memoryServer({ capacity: 1 });
  const { broker, dead } = await testBroker({ red });
  await broker.lease(holder(10), asked('killed', 'red'));
  const alsoGone = holder(10);
  const waiting = broker.lease(alsoGone, asked('waits and is killed', 'red')).catch((thrown) => thrown);
  const next = broker.lease(holder(11), asked('next', 'red'));
  broker.forget(alsoGone);
  expect(await waiting).toMatchObject({ code: 'LEASE_NOT_FOUND' });
  dead.add(10);
  await next;
  expect(broker.list().leases.map(({ label }) => label)).toEqual(['next']);
  await broker[Symbol.asyncDispose]();
});

test('a place that cannot be reset is removed, and another one is made', async () => {
  const red = memoryServer({ capacity: 1 });
  const { broker } = await testBroker({ red });
  const who = holder(10);
  const first = await broker.lease(who, asked('first', 'red'));
  red.before.reset = async () => {
    throw new Error('the server is gone');
  };
  await broker.release(who, { lease: first.lease, verify: false });
  const second = await broker.lease(who, asked('second', 'red'));
  expect(second.places.red?.id).not.toBe(first.places.red?.id);
  expect([...red.places.keys()]).toEqual([second.places.red?.id]);
  expect(broker.list().problems).toEqual([expect.stringContaining('could not be reset: the server is gone')]);
  await broker[Symbol.asyncDispose]();
});

test('an engine that cannot make a place says why to who waits, and is asked again by the next one', async () => {
  const red = memoryServer();
  const { broker } = await testBroker({ red });
  red.before.make = async () => {
    throw new Error('no room');
  };
  await expect(broker.lease(holder(10), asked('first', 'red'))).rejects.toThrow('no room');
  delete red.before.make;
  await broker.lease(holder(10), asked('second', 'red'));
  await expect(broker.lease(holder(10), asked('other', 'green'))).rejects.toThrow('there is no engine green');
  expect(broker.list().leases).toHaveLength(1);
  await broker[Symbol.asyncDispose]();
});

test('a lease is released by who has it alone', async () => {
  const { broker } = await testBroker();
  const who = holder(10);
  const { lease } = await broker.lease(who, asked('mine', 'red'));
  for (const other of [holder(10), holder(11)]) {
    await expect(broker.release(other, { lease, verify: false })).rejects.toMatchObject({ code: 'LEASE_NOT_FOUND' });
    await expect(broker.place(other, { lease, engine: 'red', waitMs })).rejects.toMatchObject({
      code: 'LEASE_NOT_FOUND',
    });
  }
  await broker[Symbol.asyncDispose]();
});

test('places of a broker that was killed are swept before the first hand-out; those of a living one stay', async () => {
  const red = memoryServer();
  const killed = await testBroker({ red }, { pid: 1 });
  await killed.broker.lease(holder(10), asked('before', 'red'));
  const living = await testBroker({ red }, { pid: 2 });
  await living.broker.lease(holder(11), asked('beside', 'red'));
  const { broker, dead } = await testBroker({ red }, { pid: 3 });
  dead.add(1);
  await broker.lease(holder(12), asked('after', 'red'));
  const owners = new Set([...red.places.values()].map((each) => each.owner.pid));
  expect(owners).toEqual(new Set([2, 3]));
  expect(broker.list().problems).toEqual([expect.stringMatching(/^red: \d+ stores of a broker that was killed/)]);
  expect(owner(2)).toEqual([...red.places.values()].find((each) => each.owner.pid === 2)?.owner);
});

test('a verified reset names what differs, fails the release, and takes the place out of use', async () => {
  const red = memoryServer({ leak: (values) => values.filter((value) => value.startsWith('sequence')) });
  const { broker } = await testBroker({ red });
  const who = holder(10);
  const clean = await broker.lease(who, asked('clean', 'red'));
  red.write(clean.places.red as Place, 'row');
  expect(await broker.release(who, { lease: clean.lease, verify: true })).toEqual({ kept: false });
  const leaky = await broker.lease(who, asked('leaky', 'red'));
  red.write(leaky.places.red as Place, 'sequence users_id_seq');
  await expect(broker.release(who, { lease: leaky.lease, verify: true })).rejects.toMatchObject({
    code: 'ISOLATION_BROKEN',
    message: expect.stringContaining('leaky'),
    evidence: 'red: sequence users_id_seq',
  });
  expect(red.places.has(leaky.places.red?.id ?? '')).toBe(false);
  await broker[Symbol.asyncDispose]();
});
