import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { messageOf } from '../../sandbox/core/errors.ts';
import { poll } from '../../sandbox/core/poll.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import { bankAccounts, startBalance } from '../../sandbox/engines/contract/workloads.ts';
import type { EngineName } from '../../sandbox/engines/engine-names.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { rowRandom } from '../../seeds/random/random.ts';
import { everyWholeEngine, type Whole } from '../support/whole-engines.ts';

const engines = new Map((await everyWholeEngine()).map((engine) => [engine.name, engine]));
const seed = Number(process.env.SANDBOX_TEST_SEED ?? 1 + Math.floor(Math.random() * 1e6));

/** Numbers from 0 to one less than the count. */
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

/**
 * A client that has its connection: one of a drill gives up soon whoever does not answer, as a server does that is busy when
 * it is first asked, and what is asked then fails.
 */
async function connected<Client extends AsyncDisposable>(
  opening: Promise<Client> | undefined,
  read: (client: Client) => Promise<unknown>,
): Promise<Client> {
  const client = await opening;
  if (client === undefined) throw new Error('the engine has no such workload');
  await poll(() => read(client).then(() => true), {
    timeoutMs: deadlineMs('statement'),
    onTimeout: (last) => new Error(`no connection is had: ${messageOf(last)}`),
  });
  return client;
}

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
    const outcomes = await Promise.all(upTo(20).map((value) => client.add(value)));
    expect(new Set(outcomes)).toEqual(new Set(['ok']));
    expect((await client.readAll()).toSorted((left, right) => left - right)).toEqual(upTo(20));
    await set?.prepare(running);
    expect(await client.readAll()).toEqual([]);
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
      for (const index of upTo(10)) expect(await client.append(3, writer * 100 + index)).toBe('ok');
    };
    await Promise.all(upTo(3).map(write));
    await using client = await connected(append?.open(running), (each) => each.read(3));
    const list = await client.read(3);
    for (const writer of upTo(3)) {
      expect(list.filter((value) => Math.floor(value / 100) === writer)).toEqual(
        upTo(10).map((index) => writer * 100 + index),
      );
    }
    expect(await client.read(4)).toEqual([]);
  });

  test.runIf(register)('of several clients that replace the same value one succeeds', async () => {
    await register?.prepare(running);
    await using client = await connected(register?.open(running), (each) => each.read(1));
    expect(await client.read(1)).toBeUndefined();
    expect(await client.write(1, 5)).toBe('ok');
    const outcomes = await Promise.all(upTo(4).map((to) => client.compareAndSet(1, 5, 10 + to)));
    const winners = outcomes.flatMap((outcome, to) => (outcome === 'ok' ? [10 + to] : []));
    expect(winners).toHaveLength(1);
    expect(await client.read(1)).toBe(winners[0]);
    expect(await client.compareAndSet(1, 5, 6)).toBe('fail');
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
        const balances = await client.readAll();
        expect(balances.reduce((sum, balance) => sum + balance, 0)).toBe(bankAccounts * startBalance);
        expect(Math.min(...balances)).toBeGreaterThanOrEqual(0);
      }
    };
    await Promise.all(upTo(3).map(move));
    await using client = await connected(bank?.open(running), (each) => each.readAll());
    expect(await client.transfer(0, 1, bankAccounts * startBalance + 1)).toBe('fail');
  });
});
