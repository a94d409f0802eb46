import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { messageOf } from '../../sandbox/core/errors.ts';
import { poll } from '../../sandbox/core/poll.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import { bankAccounts, startBalance, type WriteOutcome } from '../../sandbox/engines/contract/workloads.ts';
import type { EngineName } from '../../sandbox/engines/engine-names.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { rowRandom } from '../../seeds/random/random.ts';
import { everyWholeEngine, type Whole } from '../support/whole-engines.ts';

const engines = new Map((await everyWholeEngine()).map((engine) => [engine.name, engine]));
const seed = Number(process.env.SANDBOX_TEST_SEED ?? 1 + Math.floor(Math.random() * 1e6));

/** Numbers from 0 to one less than the count. */
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

/**
 * What a read comes to that is answered in time. A client of a drill gives up soon whoever does not answer, as a server does
 * that is busy: a read fails then, and of a write nobody knows.
 */
async function answered<Value>(read: () => Promise<Value>): Promise<Value> {
  const { value } = await poll(async () => ({ value: await read() }), {
    timeoutMs: deadlineMs('statement'),
    onTimeout: (last) => new Error(`no answer comes in time: ${messageOf(last)}`),
  });
  return value;
}

/** What a write comes to that is done again as long as it comes to this: it must be one that may be done twice. */
function outcomeOtherThan(what: WriteOutcome, write: () => Promise<WriteOutcome>): Promise<WriteOutcome> {
  const attempt = async () => {
    const outcome = await write();
    return outcome !== what && outcome;
  };
  return poll(attempt, {
    timeoutMs: deadlineMs('statement'),
    onTimeout: () => new Error(`each time a write comes to "${what}"`),
  });
}

/** One that was certainly not done, as there was no connection, may be done. */
const written = (write: () => Promise<WriteOutcome>) => outcomeOtherThan('fail', write);

/** A client that has its connection. */
async function connected<Client extends AsyncDisposable>(
  opening: Promise<Client> | undefined,
  read: (client: Client) => Promise<unknown>,
): Promise<Client> {
  const client = await opening;
  if (client === undefined) throw new Error('the engine has no such workload');
  await answered(() => read(client));
  return client;
}

type Written = ReadonlyMap<number, WriteOutcome>;

/** What was acknowledged is there, in its order and once, whatever there is of that of which nobody knows. */
function expectHeld(found: readonly number[], outcomes: Written): void {
  const acknowledged = [...outcomes].flatMap(([value, outcome]) => (outcome === 'ok' ? [value] : []));
  expect(acknowledged.length).toBeGreaterThan(0);
  expect(known(found, outcomes)).toEqual(acknowledged);
  expect(new Set(found).size).toBe(found.length);
}

const known = (found: readonly number[], outcomes: Written) => found.filter((value) => outcomes.get(value) !== 'info');

describe.each([...engines.keys()])(`workloads of %s (SANDBOX_TEST_SEED=${seed})`, (name: EngineName) => {
  const engine = engines.get(name) as Whole;
  const { set, append, register, bank } = engine.failover.workloads;
  let stack: Stack;
  let running: RunningEngine;

  beforeAll(async () => {
    stack = await createStack({ engines: [name], size: 'none', connect: false });
    running = stack.engines[name];
  });
  afterAll(() => stack?.dispose());

  test.runIf(set)('a set holds what was added, each value once', async () => {
    await set?.prepare(running);
    await using client = await connected(set?.open(running), (each) => each.readAll());
    const added = upTo(20).map(async (value) => [value, await written(() => client.add(value))] as const);
    const outcomes = new Map(await Promise.all(added));
    const found = await answered(() => client.readAll());
    expectHeld(
      found.toSorted((left, right) => left - right),
      outcomes,
    );
    await set?.prepare(running);
    expect(known(await answered(() => client.readAll()), outcomes)).toEqual([]);
  });

  test.runIf(set)('what a client is doing has an outcome when the client is closed', async () => {
    await set?.prepare(running);
    const client = await set?.open(running);
    // Connections are there, so that what follows is on its way to the server when the client is closed.
    await Promise.all(upTo(20).map((value) => client?.add(value)));
    const outcomes = Promise.all(upTo(20).map((value) => client?.add(20 + value)));
    await nextTurn();
    await client?.[Symbol.asyncDispose]();
    expect(['ok', 'fail', 'info']).toEqual(expect.arrayContaining(await outcomes));
  });

  test.runIf(append)('lists keep each value of several clients once, those of one client in its order', async () => {
    await append?.prepare(running);
    const write = async (writer: number) => {
      await using client = await connected(append?.open(running), (each) => each.read(3));
      const outcomes = new Map<number, WriteOutcome>();
      for (const value of upTo(10).map((index) => writer * 100 + index)) {
        outcomes.set(value, await written(() => client.append(3, value)));
      }
      return outcomes;
    };
    const ofWriters = await Promise.all(upTo(3).map(write));
    await using client = await connected(append?.open(running), (each) => each.read(3));
    const list = await answered(() => client.read(3));
    for (const [writer, outcomes] of ofWriters.entries()) {
      expectHeld(
        list.filter((value) => Math.floor(value / 100) === writer),
        outcomes,
      );
    }
    expect(await answered(() => client.read(4))).toEqual([]);
  });

  test.runIf(register)('of several clients that replace the same value one succeeds', async () => {
    await register?.prepare(running);
    await using client = await connected(register?.open(running), (each) => each.read(1));
    expect(await answered(() => client.read(1))).toBeUndefined();
    // A register of its own for each round: what nobody knows of may still be done to the last one.
    let key = 0;
    const winners = await answered(async () => {
      key += 1;
      if ((await client.write(key, 5)) !== 'ok') throw new Error('the write is not acknowledged');
      const outcomes = await Promise.all(upTo(4).map((to) => client.compareAndSet(key, 5, 10 + to)));
      const succeeded = outcomes.flatMap((outcome, to) => (outcome === 'ok' ? [10 + to] : []));
      if (succeeded.length === 0 && outcomes.includes('info')) throw new Error('nobody knows which one succeeded');
      return succeeded;
    });
    expect(winners).toHaveLength(1);
    expect(await answered(() => client.read(key))).toBe(winners[0]);
    expect(await outcomeOtherThan('info', () => client.compareAndSet(key, 5, 6))).toBe('fail');
  });

  test.runIf(bank)('transfers of several clients never change the total, nor overdraw an account', async () => {
    await bank?.prepare(running);
    const move = async (mover: number) => {
      await using client = await connected(bank?.open(running), (each) => each.readAll());
      const random = rowRandom(seed, 'bank')(mover);
      for (const _ of upTo(15)) {
        const from = random.int(bankAccounts);
        const to = (from + 1 + random.int(bankAccounts - 1)) % bankAccounts;
        await client.transfer(from, to, 1 + random.int(60));
        const balances = await answered(() => client.readAll());
        expect(balances.reduce((sum, balance) => sum + balance, 0)).toBe(bankAccounts * startBalance);
        expect(Math.min(...balances)).toBeGreaterThanOrEqual(0);
      }
    };
    await Promise.all(upTo(3).map(move));
    await using client = await connected(bank?.open(running), (each) => each.readAll());
    const tooMuch = bankAccounts * startBalance + 1;
    expect(await outcomeOtherThan('info', () => client.transfer(0, 1, tooMuch))).toBe('fail');
  });
});
