import { describe, expect, test } from 'vitest';
import { SandboxError } from '../../sandbox/core/errors.ts';
import { poll } from '../../sandbox/core/poll.ts';
import type { Insight } from '../../sandbox/engines/contract/insight.ts';
import type { Place } from '../../sandbox/engines/contract/isolation.ts';
import type { Broker } from '../../sandbox/harness/broker/broker.ts';
import { describeQueries } from '../../sandbox/harness/insight/describe-queries.ts';
import { memoryServer } from './support/memory-engine.ts';
import { holder, owner, testBroker } from './support/test-broker.ts';

const waitMs = 10_000;
const asked = (label: string, ...engines: readonly string[]) => ({ label, engines, waitMs });
const until = (what: string, isSo: () => boolean) =>
  poll(isSo, { timeoutMs: 10_000, onTimeout: () => new Error(`not within 10 s: ${what}`) });

/** Looks at the queries of a place for as long as this lasts, and sees none. */
function watchUntil(looked: Promise<readonly []>, onEnd: () => void = () => {}): Insight {
  const watch = async () => ({ queries: () => looked, [Symbol.asyncDispose]: async () => onEnd() });
  return { seen: 'nothing', limits: [], watch };
}

/** Takes all places that there can be: none of them is another one's. */
async function expectApart(broker: Broker, engine: string, places: number): Promise<void> {
  await until('nothing comes', () => broker.list().pools.every(({ coming }) => coming === 0));
  const leases = await Promise.all(
    Array.from({ length: places }, (_, number) => broker.lease(holder(20 + number), asked('next', engine))),
  );
  expect(new Set(leases.map((lease) => lease.places[engine]?.id)).size).toBe(places);
}

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

test('a store that is made otherwise while tests have places of it: the next ones are of the new one, and the old ones go', async () => {
  const red = memoryServer();
  let content: string | undefined = 'one';
  const { broker } = await testBroker({ red }, { contentOf: async () => content });
  const [one, other] = [holder(10), holder(11)];
  const first = await broker.lease(one, asked('before', 'red'));
  const second = await broker.lease(other, asked('before, too', 'red'));
  await until('some are ready', () => broker.list().pools.every(({ ready, coming }) => ready > 1 && coming === 0));
  content = undefined;
  await broker.release(one, {
    lease: (await broker.lease(one, asked('while it is made', 'red'))).lease,
    verify: false,
  });
  expect(red.counts.opened).toBe(1);
  const before = new Set(red.places.keys());
  content = 'two';
  const beside = await Promise.all([
    broker.lease(one, asked('beside', 'red')),
    broker.lease(other, asked('beside, too', 'red')),
  ]);
  expect(red.counts.opened).toBe(2);
  expect(beside.filter(({ places }) => before.has(places.red?.id ?? ''))).toEqual([]);
  // Nobody took from the tests what they have, and everything else of before is gone.
  const held = [first, second].map(({ places }) => places.red?.id ?? '');
  expect([...red.places.keys()].filter((id) => before.has(id)).toSorted()).toEqual(held.toSorted());
  expect(broker.list().pools[0]).toMatchObject({ engine: 'red', out: 4 });
  expect((await broker.drift(one, { lease: first.lease, engine: 'red' })).count).toBe(0);
  const { reset } = red.counts;
  await broker.release(one, { lease: first.lease, verify: false, keep: { atMost: 1, forMs: 60_000 } });
  await broker.release(other, { lease: second.lease, verify: true });
  await until('what came back is gone', () => !red.places.has(held[1] ?? ''));
  expect(red.counts.reset).toBe(reset);
  expect(red.places.has(held[0] ?? '')).toBe(true);
  expect(broker.list().problems).toEqual([expect.stringContaining(`${held[1]} was removed without a look`)]);
  expect(broker.list().pools[0]).toMatchObject({ out: 2 });
  await until('what made them is closed', () => red.counts.closed === 1);
  await broker.drop(first.lease);
  expect(red.places.has(held[0] ?? '')).toBe(false);
  await broker[Symbol.asyncDispose]();
  expect([...red.places.keys()]).toEqual([]);
});

test('who waits for a place when its store is made otherwise has one of the new one', async () => {
  const red = memoryServer({ capacity: 1 });
  let content = 'one';
  const { broker } = await testBroker({ red }, { contentOf: async () => content });
  const { places } = await broker.lease(holder(10), asked('before', 'red'));
  const taken = async (pid: number) => {
    const who = holder(pid);
    const { lease, places: own } = await broker.lease(who, asked('next', 'red'));
    await broker.release(who, { lease, verify: false });
    return own.red?.id;
  };
  const waiting = taken(11);
  await until('it waits', () => broker.list().pools[0]?.waiting === 1);
  content = 'two';
  const ids = await Promise.all([waiting, taken(12)]);
  expect(ids).not.toContain(places.red?.id);
  expect(red.places.has(places.red?.id ?? '')).toBe(true);
  await broker[Symbol.asyncDispose]();
  expect([...red.places.keys()]).toEqual([]);
});

test('old places count among the most that there are to be at once, and make room as they come back', async () => {
  const red = memoryServer();
  let content = 'one';
  const { broker } = await testBroker({ red }, { contentOf: async () => content, maximum: { red: 1 } });
  const who = holder(10);
  const { lease } = await broker.lease(who, asked('before', 'red'));
  content = 'two';
  await expect(broker.lease(holder(11), { ...asked('too early', 'red'), waitMs: 50 })).rejects.toMatchObject({
    code: 'LEASE_TIMEOUT',
    message: expect.stringContaining('1 are out'),
  });
  const waiting = broker.lease(holder(11), asked('waits', 'red'));
  await until('it waits', () => broker.list().pools[0]?.waiting === 1);
  expect(red.counts.made).toBe(1);
  await broker.release(who, { lease, verify: false });
  await waiting;
  expect(red.counts.made).toBe(2);
  await broker[Symbol.asyncDispose]();
  expect([...red.places.keys()]).toEqual([]);
});

describe('a pool that was opened beside places of others has what those give back', () => {
  const opened = async () => {
    const red = memoryServer({ capacity: 3, isShared: true });
    let content = 'one';
    const { broker } = await testBroker({ red }, { contentOf: async () => content });
    const who = holder(10);
    const old = await broker.lease(who, asked('before', 'red'));
    content = 'two';
    const lease = () => broker.lease(holder(11), asked('after', 'red'));
    const places = () => broker.list().pools[0]?.places;
    return { red, broker, who, old, lease, places };
  };

  test('of a test that ends', async () => {
    const { red, broker, who, old, lease, places } = await opened();
    await Promise.all([lease(), lease()]);
    const third = lease();
    await until('it waits', () => broker.list().pools[0]?.waiting === 1);
    await broker.release(who, { lease: old.lease, verify: false });
    await third;
    expect(places()).toBe(3);
    await broker[Symbol.asyncDispose]();
    expect([...red.places.keys()]).toEqual([]);
  });

  test('of a kept lease that is dropped, and of whoever else had some once somebody waits', async () => {
    const { red, broker, who, old, lease, places } = await opened();
    red.places.set('of another one', { owner: owner(2), values: [] });
    await broker.release(who, { lease: old.lease, verify: false, keep: { atMost: 1, forMs: 60_000 } });
    await lease();
    expect(places()).toBe(1);
    await broker.drop(old.lease);
    await until('it has one more', () => places() === 2);
    red.places.delete('of another one');
    await Promise.all([lease(), lease()]);
    expect(places()).toBe(3);
    await broker[Symbol.asyncDispose]();
    expect([...red.places.keys()]).toEqual([]);
  });
});

test('a server that has no room beside old places is asked again when one comes back', async () => {
  const red = memoryServer();
  let content = 'one';
  const { broker } = await testBroker({ red }, { contentOf: async () => content });
  const who = holder(10);
  const { lease } = await broker.lease(who, asked('before', 'red'));
  content = 'two';
  red.before.open = async () => {
    throw new SandboxError({ code: 'NOT_SUPPORTED', message: 'No room.', next: 'Wait.' });
  };
  let isOver = false;
  const waiting = broker.lease(holder(11), asked('waits', 'red')).finally(() => {
    isOver = true;
  });
  await until('it was refused once', () => red.counts.refused === 1);
  expect(isOver).toBe(false);
  delete red.before.open;
  await broker.release(who, { lease, verify: false });
  await waiting;
  await broker[Symbol.asyncDispose]();
  expect([...red.places.keys()]).toEqual([]);
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
    // Vitest waits no longer than its own time-out allows.
    next: expect.stringContaining('`testTimeout` of Vitest'),
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

test('a place that comes back just when who waits for it is gone is not lost', async () => {
  // At each of the moments of a reset's end, as far as one can tell them apart.
  for (let turns = 0; turns < 16; turns += 1) {
    const red = memoryServer({ capacity: 1 });
    const { broker } = await testBroker({ red });
    const [one, other] = [holder(10), holder(11)];
    const { lease } = await broker.lease(one, asked('has it', 'red'));
    const reset = Promise.withResolvers<void>();
    red.before.reset = () => reset.promise;
    const waiting = broker.lease(other, asked('waits', 'red')).catch(() => {});
    await broker.release(one, { lease, verify: false });
    await until('somebody waits', () => broker.list().pools[0]?.waiting === 1);
    reset.resolve();
    for (let turn = 0; turn < turns; turn += 1) await null;
    broker.forget(other);
    await waiting;
    red.before.reset = async () => {};
    await expectApart(broker, 'red', 1);
    await broker[Symbol.asyncDispose]();
  }
});

test('what a process had that goes while it waits for more comes back once, and is handed out to one alone', async () => {
  const [amber, blue] = [memoryServer({ capacity: 2 }), memoryServer({ capacity: 1 })];
  const { broker } = await testBroker({ amber, blue });
  await broker.lease(holder(10), asked('has the only one', 'blue'));
  const gone = holder(11);
  const waiting = broker.lease(gone, asked('has one and waits', 'amber', 'blue')).catch((thrown) => thrown);
  await until('it has one', () => broker.list().leases[1]?.engines[0] === 'amber');
  broker.forget(gone);
  expect(await waiting).toMatchObject({ code: 'LEASE_NOT_FOUND' });
  await expectApart(broker, 'amber', 2);
  await broker[Symbol.asyncDispose]();
});

test('what a process had that goes while its queries are looked at comes back once', async () => {
  const looking = Promise.withResolvers<readonly []>();
  const insight = watchUntil(looking.promise);
  const { broker } = await testBroker({ red: memoryServer({ capacity: 2, insight }) });
  const gone = holder(10);
  const { lease } = await broker.lease(gone, { ...asked('gone', 'red'), insight: { slowMs: 1, repeats: 1 } });
  const keep = { atMost: 1, forMs: 60_000 };
  const released = broker.release(gone, { lease, verify: false, keep }).catch((thrown) => thrown);
  broker.forget(gone);
  looking.resolve([]);
  expect(await released).toMatchObject({ code: 'LEASE_NOT_FOUND' });
  expect(broker.list().leases).toEqual([]);
  await expectApart(broker, 'red', 2);
  await broker[Symbol.asyncDispose]();
});

test('a place is made as new once nobody watches its queries any more, also of a process that goes', async () => {
  const looking = Promise.withResolvers<readonly []>();
  const order: string[] = [];
  const insight = watchUntil(looking.promise, () => order.push('watched no more'));
  const red = memoryServer({ insight });
  red.before.reset = async () => {
    order.push('reset');
  };
  const { broker } = await testBroker({ red });
  const gone = holder(10);
  await broker.lease(gone, { ...asked('gone', 'red'), insight: { slowMs: 1, repeats: 1 } });
  broker.forget(gone);
  looking.resolve([]);
  await until('both are done', () => order.length === 2);
  expect(order).toEqual(['watched no more', 'reset']);
  await broker[Symbol.asyncDispose]();
});

test('a broker that closes while queries are still looked at leaves no place of a process that has gone', async () => {
  const looking = Promise.withResolvers<readonly []>();
  const insight = watchUntil(looking.promise);
  const red = memoryServer({ insight });
  const { broker } = await testBroker({ red });
  const gone = holder(10);
  await broker.lease(gone, { ...asked('gone', 'red'), insight: { slowMs: 1, repeats: 1 } });
  broker.forget(gone);
  const closed = broker[Symbol.asyncDispose]();
  await until('its pool is closed', () => red.counts.closed === 1);
  expect([...red.places.keys()]).toEqual([]);
  looking.resolve([]);
  await closed;
});

test('a place that cannot be kept comes back, and so do the others of its lease', async () => {
  const [red, blue] = [memoryServer({ capacity: 1 }), memoryServer({ capacity: 1 })];
  const { broker } = await testBroker({ red, blue });
  const who = holder(10);
  const { lease } = await broker.lease(who, asked('fails', 'red', 'blue'));
  red.before.keep = async () => {
    throw new Error('the server is gone');
  };
  const keep = { atMost: 1, forMs: 60_000 };
  await expect(broker.release(who, { lease, verify: false, keep })).rejects.toThrow('the server is gone');
  await broker.lease(who, asked('next', 'red', 'blue'));
  expect(broker.list().leases.map(({ label }) => label)).toEqual(['next']);
  await broker[Symbol.asyncDispose]();
  expect([...red.places.keys(), ...blue.places.keys()]).toEqual([]);
});

test('places that were made while nobody knew of what are made anew once that is known', async () => {
  const red = memoryServer();
  let content: string | undefined;
  const { broker } = await testBroker({ red }, { contentOf: async () => content });
  const who = holder(10);
  const first = await broker.lease(who, asked('while it is made', 'red'));
  await broker.release(who, { lease: first.lease, verify: false });
  content = 'one';
  for (const label of ['after', 'again']) {
    const { lease } = await broker.lease(who, asked(label, 'red'));
    await broker.release(who, { lease, verify: false });
  }
  expect(red.counts.opened).toBe(2);
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

test('whoever waits for a place that is being reset gets it, though none can be made ahead', async () => {
  const red = memoryServer();
  const { broker } = await testBroker({ red });
  const who = holder(10);
  const { lease, places } = await broker.lease(who, asked('first', 'red'));
  await until('one is ready', () => broker.list().pools[0]?.ready === 1);
  const done = Promise.withResolvers<void>();
  red.before.reset = () => done.promise;
  red.before.make = async () => {
    throw new Error('no room');
  };
  await broker.lease(who, asked('takes the one that is ready', 'red'));
  await until('none was made ahead', () => broker.list().problems.length > 0);
  const { length: before } = broker.list().problems;
  await broker.release(who, { lease, verify: false });
  const waiting = broker.lease(holder(11), asked('waits', 'red'));
  await until('it was tried once more', () => broker.list().problems.length > before);
  done.resolve();
  expect((await waiting).places).toEqual(places);
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

test('queries are looked at where that is asked for: until the release, with what cannot be looked at said', async () => {
  const watched: string[] = [];
  const insight: Insight = {
    seen: 'what the test says',
    limits: [],
    watch: async (_running, { id }) => ({
      queries: async () => [
        { statement: 'read at the limits', calls: 10, slowestMs: 99.9, scans: [] },
        { statement: 'read beyond them', calls: 11, slowestMs: 100, scans: ['all rows'] },
      ],
      async [Symbol.asyncDispose]() {
        watched.push(id);
      },
    }),
  };
  const [red, blue] = [memoryServer({ insight }), memoryServer({ insight: 'a map keeps no statistics' })];
  const { broker } = await testBroker({ red, blue });
  const who = holder(10);
  const wanted = { ...asked('looked at', 'red', 'blue'), insight: { slowMs: 100, repeats: 10 } };
  const looked = await broker.lease(who, wanted);
  expect(watched).toEqual([]);
  const { queries } = await broker.release(who, { lease: looked.lease, verify: false });
  const found = { engine: 'red', statement: 'read beyond them', calls: 11 };
  expect(queries).toEqual({
    findings: [
      { ...found, kind: 'slow', detail: '100.0 ms' },
      { ...found, kind: 'no index', detail: 'reads all of all rows' },
      { ...found, kind: 'repeated', detail: '11 times' },
    ],
    notRun: [{ engine: 'blue', reason: 'a map keeps no statistics' }],
  });
  expect(describeQueries('looked\n at', queries ?? { findings: [], notRun: [] })).toEqual([
    'Queries of "looked at":',
    '  red: slow, 100.0 ms: read beyond them',
    '  red: no index, reads all of all rows: read beyond them',
    '  red: repeated, 11 times: read beyond them',
    '  blue: not-run: a map keeps no statistics',
  ]);
  expect(describeQueries('quiet', { findings: [], notRun: [] })).toEqual([]);
  expect(watched).toEqual([looked.places.red?.id]);
  const gone = await broker.lease(who, wanted);
  broker.forget(who);
  await until('the watch of one that is gone has ended', () => watched.length === 2);
  expect(watched[1]).toBe(gone.places.red?.id);
  const unasked = await broker.lease(who, asked('not looked at', 'red'));
  expect(await broker.release(who, { lease: unasked.lease, verify: false })).toEqual({ kept: false });
  await broker[Symbol.asyncDispose]();
});

test('two who take their stores in different orders are not left waiting for each other', async () => {
  const servers = { red: memoryServer({ capacity: 1 }), blue: memoryServer({ capacity: 1 }) };
  const { broker } = await testBroker(servers);
  const [one, other] = [holder(10), holder(11)];
  const first = await broker.lease(one, asked('one', 'red'));
  const second = await broker.lease(other, asked('other', 'blue'));
  const waiting = broker.place(one, { lease: first.lease, engine: 'blue', waitMs });
  const refused = broker.place(other, { lease: second.lease, engine: 'red', waitMs });
  await expect(refused).rejects.toMatchObject({
    code: 'LEASE_DEADLOCK',
    message: expect.stringContaining('"one" has red and waits for blue; "other" has blue and waits for red'),
  });
  await broker.release(other, { lease: second.lease, verify: false });
  expect(await waiting).toMatchObject({ id: expect.stringMatching(/^place/) });
  await broker[Symbol.asyncDispose]();
});

test('who waits for one that waits for nobody is left to wait', async () => {
  const servers = { red: memoryServer({ capacity: 2 }), blue: memoryServer({ capacity: 1 }) };
  const { broker } = await testBroker(servers);
  const [one, other, third] = [holder(10), holder(11), holder(12)];
  const first = await broker.lease(one, asked('one', 'red'));
  const works = await broker.lease(third, asked('works', 'red'));
  const second = await broker.lease(other, asked('other', 'blue'));
  const refused: unknown[] = [];
  const waits = [
    broker.place(one, { lease: first.lease, engine: 'blue', waitMs }),
    broker.place(other, { lease: second.lease, engine: 'red', waitMs }),
  ];
  for (const each of waits) each.catch((thrown) => refused.push(thrown));
  // It looks once a second: twice in this time.
  const begun = performance.now();
  await until('two looks', () => performance.now() - begun > 2_200);
  expect(refused).toEqual([]);
  expect(broker.list().pools.map(({ waiting }) => waiting)).toEqual([1, 1]);
  await broker.release(third, { lease: works.lease, verify: false });
  expect(await waits[1]).toMatchObject({ id: expect.stringMatching(/^place/) });
  await broker.release(other, { lease: second.lease, verify: false });
  expect(await waits[0]).toMatchObject({ id: expect.stringMatching(/^place/) });
  await broker[Symbol.asyncDispose]();
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

test('stores of one engine that are kept apart in two ways have pools of their own, and opening one leaves the other', async () => {
  const [plain, own] = [memoryServer(), memoryServer()];
  const otherModes = [{ ...own.engine.isolation, mode: 'own' }];
  const red = { ...plain, engine: { ...plain.engine, isolation: { ...plain.engine.isolation, otherModes } } };
  const { broker } = await testBroker({ red });
  const [one, other] = [holder(10), holder(11)];
  const first = await broker.lease(one, asked('in the one way', 'red'));
  expect(own.counts.opened).toBe(0);
  const second = await broker.lease(other, asked('in the other', 'red:own'));
  expect(plain.places.has(first.places.red?.id ?? '')).toBe(true);
  expect([plain, own].map(({ counts }) => counts.opened)).toEqual([1, 1]);
  expect(own.places.has(second.places['red:own']?.id ?? '')).toBe(true);
  expect(broker.list().pools.map(({ engine }) => engine)).toEqual(['red', 'red:own']);
  await broker.release(other, { lease: second.lease, verify: false, keep: { atMost: 1, forMs: 60_000 } });
  expect(Object.keys(broker.show(second.lease).places)).toEqual(['red']);
  await broker.drop(second.lease);
  expect(own.places.has(second.places['red:own']?.id ?? '')).toBe(false);
  await expect(broker.lease(one, asked('in none', 'red:none'))).rejects.toThrow(/red:none/);
  await broker[Symbol.asyncDispose]();
  expect([...plain.places.keys(), ...own.places.keys()]).toEqual([]);
});

test('what a killed broker has left is removed whichever of the ways is opened first', async () => {
  const [plain, own] = [memoryServer(), memoryServer()];
  const otherModes = [{ ...own.engine.isolation, mode: 'own' }];
  const red = { ...plain, engine: { ...plain.engine, isolation: { ...plain.engine.isolation, otherModes } } };
  const killed = await testBroker({ red }, { pid: 2 });
  await killed.broker.lease(holder(10), asked('lost', 'red:own'));
  const { broker, dead } = await testBroker({ red });
  dead.add(2);
  await broker.lease(holder(11), asked('next', 'red'));
  expect([...own.places.values()].filter(({ owner: made }) => made.pid === 2)).toEqual([]);
  await broker[Symbol.asyncDispose]();
});
