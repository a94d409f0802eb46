import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe } from 'vitest';
import { firstNode, type RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { redis } from '../../../sandbox/engines/redis/engine.ts';
import { loadedLibrary } from '../../../sandbox/engines/redis/schema/library.ts';
import { openClient } from '../../../sandbox/engines/redis/server/connection.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { fewRows } from '../../support/few-rows.ts';
import { type Mutation, testMutations } from '../support/mutations.ts';

let stack: Stack<'redis'>;
let running: RunningEngine;
let client: Redis & AsyncDisposable;

beforeAll(async () => {
  stack = await createStack({ engines: ['redis'], size: fewRows, connect: false });
  running = stack.engines.redis;
  client = await openClient(firstNode(running), running.secrets);
  await client.acl('SETUSER', 'reader', 'on', '>password', '~user:*', '+@read');
});
afterAll(async () => {
  client?.disconnect();
  await stack?.dispose();
});

async function aUser(there: Redis): Promise<string> {
  const [, keys] = await there.scan('0', 'MATCH', 'user:*', 'COUNT', 1_000);
  return keys.toSorted()[0] ?? '';
}

/** Puts a key back as it was, to the byte and the millisecond. */
async function keeping(there: Redis, key: string, damage: () => Promise<unknown>): Promise<() => Promise<unknown>> {
  const value = await there.dumpBuffer(key);
  const expiry = await there.pexpiretime(key);
  await damage();
  return () => there.restore(key, Math.max(0, expiry), value, 'REPLACE', 'ABSTTL');
}

const mutations: readonly Mutation<Redis>[] = [
  {
    name: 'one changed byte of a value',
    parts: ['keys user'],
    damage: async (there) => {
      const key = await aUser(there);
      return keeping(there, key, () => there.call('SETRANGE', key, 3, '~'));
    },
  },
  {
    name: 'a lost key',
    parts: ['expiries', 'keys user'],
    damage: async (there) => {
      const key = await aUser(there);
      return keeping(there, key, () => there.del(key));
    },
  },
  {
    name: 'a lost expiry',
    parts: ['expiries'],
    damage: async (there) => {
      const key = await aUser(there);
      return keeping(there, key, () => there.persist(key));
    },
  },
  {
    name: 'an expiry that is shifted by one millisecond',
    parts: ['expiries'],
    damage: async (there) => {
      const key = await aUser(there);
      const expiry = await there.pexpiretime(key);
      return keeping(there, key, () => there.pexpireat(key, expiry + 1));
    },
  },
  {
    name: 'a key too many, in another database',
    parts: ['expiries', 'keys more'],
    damage: async (there) => {
      await there.call('SELECT', '5');
      await there.set('more', '1');
      await there.call('SELECT', '0');
      return async () => {
        await there.call('SELECT', '5');
        await there.del('more');
        await there.call('SELECT', '0');
      };
    },
  },
  {
    name: 'a lost function library',
    parts: ['functions'],
    damage: async (there) => {
      const library = (await loadedLibrary(there)) ?? '';
      await there.function('DELETE', 'taishang');
      return () => there.function('LOAD', library);
    },
  },
  {
    name: 'a changed function',
    parts: ['functions'],
    damage: async (there) => {
      const library = (await loadedLibrary(there)) ?? '';
      await there.function('LOAD', 'REPLACE', library.replace('return 0', 'return 1'));
      return () => there.function('LOAD', 'REPLACE', library);
    },
  },
  {
    name: 'a lost user',
    parts: ['users'],
    damage: async (there) => {
      await there.acl('DELUSER', 'reader');
      return () => there.acl('SETUSER', 'reader', 'on', '>password', '~user:*', '+@read');
    },
  },
  {
    name: 'a user with more rights',
    parts: ['users'],
    damage: async (there) => {
      await there.acl('SETUSER', 'reader', '+@write');
      return () => there.acl('SETUSER', 'reader', 'reset', 'on', '>password', '~user:*', '+@read');
    },
  },
  {
    name: 'a changed password',
    parts: ['users'],
    damage: async (there) => {
      await there.acl('SETUSER', 'reader', '<password', '>other');
      return () => there.acl('SETUSER', 'reader', '<other', '>password');
    },
  },
  {
    name: 'another rule for what is given up when memory is full',
    parts: ['configuration'],
    damage: async (there) => {
      await there.config('SET', 'maxmemory-policy', 'noeviction');
      return () => there.config('SET', 'maxmemory-policy', 'allkeys-lru');
    },
  },
];

describe('the fingerprint of Redis notices', () => {
  testMutations(
    mutations,
    () => client,
    () => redis.data.fingerprint(running),
  );
});
