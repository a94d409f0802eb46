import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ReplyError } from 'ioredis';
import type { RunningEngine, WriteOutcome } from '../engine.ts';
import { bankAccounts, outcomeOf, startBalance, type Workload, type Workloads } from '../workloads.ts';
import type { RedisClient } from './client.ts';
import { connect, openClient } from './connection.ts';
import { openMasters } from './masters.ts';

/** One slot of a cluster for all of them: scripts may touch several. */
const keyOf = (name: string) => `{drill}:${name}`;
const setKey = keyOf('set');
const bankKey = keyOf('bank');
const listKey = (key: number) => keyOf(`list:${key}`);
const registerKey = (key: number) => keyOf(`register:${key}`);

const script = (name: string) => readFile(join(import.meta.dirname, 'scripts', `${name}.lua`), 'utf8');
const compareAndSetScript = await script('compare-and-set');
const transferScript = await script('transfer');

export const workloads: Workloads = {
  set: workload((client) => ({
    add: (value) => outcomeOf(async () => (await client.sadd(setKey, value)) >= 0, judge),
    readAll: async () => (await client.smembers(setKey)).map(Number),
  })),
  append: workload((client) => ({
    append: (key, value) => outcomeOf(async () => (await client.rpush(listKey(key), value)) > 0, judge),
    read: async (key) => (await client.lrange(listKey(key), 0, -1)).map(Number),
  })),
  register: workload((client) => ({
    read: async (key) => {
      const value = await client.get(registerKey(key));
      return value === null ? undefined : Number(value);
    },
    write: (key, value) => outcomeOf(async () => (await client.set(registerKey(key), value)) === 'OK', judge),
    compareAndSet: (key, from, to) =>
      outcomeOf(async () => (await client.eval(compareAndSetScript, 1, registerKey(key), from, to)) === 1, judge),
  })),
  bank: workload((client) => ({
    transfer: (from, to, amount) =>
      outcomeOf(async () => (await client.eval(transferScript, 1, bankKey, from, to, amount)) === 1, judge),
    readAll: async () => {
      const balances = await client.hgetall(bankKey);
      return Array.from({ length: bankAccounts }, (_, account) => Number(balances[account]));
    },
  })),
};

/** An error that the server answers means that nothing was written. */
function judge(thrown: unknown): WriteOutcome {
  return thrown instanceof ReplyError ? 'failed' : 'unknown';
}

function workload<Shape extends object>(clientOf: (client: RedisClient) => Shape): Workload<Shape> {
  return {
    prepare,
    open: async (running) => {
      const { client, ...connection } = await connect(running);
      return { ...clientOf(client), [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose]() };
    },
    openMember: async (running, nodeName) => {
      const node = running.nodes.find(({ name }) => name === nodeName);
      if (node === undefined) throw new Error(`there is no node ${nodeName}`);
      const client = await openClient(node, running.secrets);
      return { ...clientOf(client), [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
    },
  };
}

async function prepare(running: RunningEngine): Promise<void> {
  await using masters = await openMasters(running);
  const client = masters.of(bankKey);
  const keys = await client.keys('{drill}:*');
  if (keys.length > 0) await client.del(...keys);
  const balances = Array.from({ length: bankAccounts }, (_, account) => [account, startBalance]).flat();
  await client.hset(bankKey, ...balances);
}
