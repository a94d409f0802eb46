import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ReplyError } from 'ioredis';
import type { RunningEngine } from '../../contract/topology.ts';
import type { WriteOutcome } from '../../contract/workloads.ts';
import {
  bankAccounts,
  outcomeOf,
  type SetClient,
  startBalance,
  type Workload,
  type Workloads,
} from '../../contract/workloads.ts';
import type { RedisClient } from '../server/client.ts';
import { connect, openClient } from '../server/connection.ts';
import { openMasters } from '../server/masters.ts';

/** One slot of a cluster for all of them: scripts may touch several. */
export const drillTag = '{drill}';
const keyOf = (name: string) => `${drillTag}:${name}`;
const setKey = keyOf('set');
const bankKey = keyOf('bank');
const listKey = (key: number) => keyOf(`list:${key}`);
const registerKey = (key: number) => keyOf(`register:${key}`);

const script = (name: string) => readFile(join(import.meta.dirname, '..', 'scripts', `${name}.lua`), 'utf8');
const compareAndSetScript = await script('compare-and-set');
const transferScript = await script('transfer');

export const workloads: Workloads = {
  set: workload((client) => ({
    add: (value) => send(client, async () => (await client.sadd(setKey, value)) >= 0),
    readAll: () => readSet(client),
  })),
  append: workload((client) => ({
    append: (key, value) => send(client, async () => (await client.rpush(listKey(key), value)) > 0),
    read: async (key) => (await client.lrange(listKey(key), 0, -1)).map(Number),
  })),
  register: workload((client) => ({
    read: async (key) => {
      const value = await client.get(registerKey(key));
      return value === null ? undefined : Number(value);
    },
    write: (key, value) => send(client, async () => (await client.set(registerKey(key), value)) === 'OK'),
    compareAndSet: (key, from, to) =>
      send(client, async () => (await client.eval(compareAndSetScript, 1, registerKey(key), from, to)) === 1),
  })),
  bank: workload((client) => ({
    transfer: (from, to, amount) =>
      send(client, async () => (await client.eval(transferScript, 1, bankKey, from, to, amount)) === 1),
    readAll: async () => {
      const balances = await client.hgetall(bankKey);
      return Array.from({ length: bankAccounts }, (_, account) => Number(balances[account]));
    },
  })),
};

/**
 * A set whose adds count once a replica has them in memory as well; the count that `WAIT` returns says so, not its
 * answering. Both commands go in one pipeline: on another connection `WAIT` would ask for nothing.
 */
export const waitingSet: Workload<SetClient> = workload((client) => ({
  add: (value) =>
    send(client, async () => {
      const answers = await client.pipeline().sadd(setKey, value).call('WAIT', 1, waitMs).exec();
      const [added, waited] = answers ?? [];
      if (added?.[0] || waited?.[0]) throw added?.[0] ?? waited?.[0];
      // Written, and on no replica that answered: nobody knows whether it will last.
      if (Number(waited?.[1]) < 1) throw new Error('no replica acknowledged the write');
      return true;
    }),
  readAll: () => readSet(client),
}));

/** How long an add waits for a replica, in milliseconds: many times what a healthy one takes. */
const waitMs = 500;

async function readSet(client: RedisClient): Promise<readonly number[]> {
  return (await client.smembers(setKey)).map(Number);
}

/** A client that has no connection now sends nothing. */
async function send(client: RedisClient, command: () => Promise<boolean>): Promise<WriteOutcome> {
  return client.status === 'ready' ? outcomeOf(command, judge) : 'fail';
}

/** An error that the server answers means that nothing was written. */
function judge(thrown: unknown): WriteOutcome {
  return thrown instanceof ReplyError ? 'fail' : 'info';
}

function workload<Shape extends object>(clientOf: (client: RedisClient) => Shape): Workload<Shape> {
  return {
    prepare,
    open: async (running) => {
      const { client, ...connection } = await connect(running, { once: true });
      return { ...clientOf(client), [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose]() };
    },
    openMember: async (running, nodeName) => {
      const node = running.nodes.find(({ name }) => name === nodeName);
      if (node === undefined) throw new Error(`there is no node ${nodeName}`);
      const client = await openClient(node, running.secrets);
      // A replica of a cluster sends its readers to the master otherwise.
      if (running.topology === 'clustered') await client.readonly();
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
