import { Cluster, type Redis } from 'ioredis';
import type { Dataset } from '../../../seeds/dataset.ts';
import type { User } from '../../../seeds/entities.ts';
import type { PlanCheck, PreparedPath, QueryPath } from '../query-path.ts';
import type { RunningEngine } from '../topology.ts';
import { cacheKey, readCached } from './cache.ts';
import type { RedisClient } from './client.ts';
import { connect } from './connection.ts';
import { cachedUserReference } from './redis-benchmark.ts';

/** Reads whose effect on the server's counters is looked at. */
const plannedReads = 100;

export const queryPaths: readonly QueryPath[] = [
  {
    name: 'cached user',
    description: 'A user from the cache by its id: one GET that hits.',
    prepare,
    reference: cachedUserReference,
  },
];

async function prepare(running: RunningEngine, dataset: Dataset): Promise<PreparedPath> {
  const connection = await connect(running);
  const { client } = connection;
  const users = await firstUsers(dataset);
  const at = (iteration: number) => users[iteration % users.length] as User;
  const run = async (iteration: number) => {
    await readCached(client, 'user', at(iteration).id);
  };
  return {
    run,
    runBare: async (iteration) => {
      await client.get(cacheKey('user', at(iteration).id));
    },
    checkPlan: () => checkPlan(client, run),
    checkAnswer: async () => {
      const user = at(0);
      const cached = (await readCached(client, 'user', user.id)) as { email?: string } | undefined;
      return { expected: user.email, actual: String(cached?.email), ok: cached?.email === user.email };
    },
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

async function firstUsers(dataset: Dataset): Promise<readonly User[]> {
  for await (const users of dataset.batches('users')) return users;
  throw new Error('the dataset has no users');
}

interface Counters {
  readonly gets: number;
  readonly hits: number;
  readonly misses: number;
}

/** Redis has no planner: what the path costs is what the server counts. */
async function checkPlan(client: RedisClient, run: (iteration: number) => Promise<void>): Promise<PlanCheck> {
  const before = await counters(client);
  for (let iteration = 0; iteration < plannedReads; iteration += 1) await run(iteration);
  const after = await counters(client);
  const describe = (gets: number, hits: number, misses: number) => `${gets} GET, ${hits} hits, ${misses} misses`;
  const expected = describe(plannedReads, plannedReads, 0);
  const actual = describe(after.gets - before.gets, after.hits - before.hits, after.misses - before.misses);
  return { expected, actual, ok: actual === expected };
}

/** A cluster's are those of its masters together. */
async function counters(client: RedisClient): Promise<Counters> {
  if (!(client instanceof Cluster)) return countersOf(client);
  const all = await Promise.all(client.nodes('master').map(countersOf));
  const sum = (name: keyof Counters) => all.reduce((total, one) => total + one[name], 0);
  return { gets: sum('gets'), hits: sum('hits'), misses: sum('misses') };
}

async function countersOf(client: Redis): Promise<Counters> {
  const [stats, commands] = await Promise.all([client.info('stats'), client.info('commandstats')]);
  const number = (text: string, pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);
  return {
    gets: number(commands, /^cmdstat_get:calls=(\d+)/m),
    hits: number(stats, /^keyspace_hits:(\d+)/m),
    misses: number(stats, /^keyspace_misses:(\d+)/m),
  };
}
