import { randomUUID } from 'node:crypto';
import { AsyncDisposableStack } from '../../../../core/disposable-stack.ts';
import type { PathContext, PreparedPath, QueryPath } from '../../../contract/bench/query-path.ts';
import { preparePath } from '../../../shared/bench/prepare-path.ts';
import { cacheKey, cacheUser, lifetimesS } from '../../schema/cache.ts';
import type { RedisClient } from '../../server/client.ts';
import { connect } from '../../server/connection.ts';
import { commandsCheck } from './commands-of-path.ts';

/** How many users are cached at once. */
type Users = number;

const parameters = { hot: [20], cold: [200], absent: [0] };

export const warmUp: QueryPath = {
  name: 'warm-up of users',
  description: 'Users are cached, all at once: a few that are new, all that were hot yesterday, or nobody.',
  plan: '1 SET for each user',
  shares: { hot: 0.8, cold: 0.15, absent: 0.05 },
  objective: { p99Ms: 50 },
  writes: 'keys user:sandbox-bench:..., which are removed afterwards and expire by themselves',
  reads: ['user'],
  missing: async () => [],
  prepare,
};

async function prepare({ running }: PathContext): Promise<PreparedPath> {
  await using stack = new AsyncDisposableStack();
  const { client } = stack.use(await connect(running));
  const run = randomUUID().slice(0, 8);
  const ids = Array.from({ length: Math.max(...parameters.cold) }, (_, index) => `sandbox-bench:${run}:${index}`);
  stack.defer(() => remove(client, ids));
  const request = async (users: Users) => {
    await Promise.all(ids.slice(0, users).map((id) => cacheUser(client, id, userOf(id))));
    return users;
  };
  const prepared = preparePath<Users, Users>({
    parameters,
    shares: warmUp.shares,
    request,
    bare: (users) =>
      Promise.all(
        ids
          .slice(0, users)
          .map((id) => client.set(cacheKey('user', id), JSON.stringify(userOf(id)), 'EX', lifetimesS.user)),
      ),
    yardstick: () => client.ping(),
    plan: (users) => commandsCheck(client, running, () => request(users), { SET: users }),
    answer: async (users) => textOf(await cachedCount(client, ids.slice(0, users))),
    known: async (asked) => asked.map(textOf),
    dispose: async () => {},
  });
  const kept = stack.move();
  return { ...prepared, [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose]() };
}

function textOf(count: number): string {
  return `${count} users cached for ${lifetimesS.user} s`;
}

/** Of the size of a user. */
function userOf(id: string): object {
  return { id, username: id, email: `${id}@sandbox-bench.invalid`, silicon_level: 1, consciousness_level: 1 };
}

/** Those that are there with the right lifetime. */
async function cachedCount(client: RedisClient, ids: readonly string[]): Promise<number> {
  const lifetimes = await Promise.all(ids.map((id) => client.ttl(cacheKey('user', id))));
  return lifetimes.filter((seconds) => seconds > lifetimesS.user - 60 && seconds <= lifetimesS.user).length;
}

/** One by one: the keys of a cluster lie in many slots. */
async function remove(client: RedisClient, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => client.unlink(cacheKey('user', id))));
}
