import type { Redis } from 'ioredis';
import type { AlertDrill, AlertPlace, Heal } from '../../contract/alert-drills.ts';
import { firstNode } from '../../contract/topology.ts';
import { goOn } from '../../shared/metrics/alert-causes.ts';
import { openClient } from '../server/connection.ts';

/** What is asked for, again and again: 256 values of 16 KiB, eight at a time. */
const keys = Array.from({ length: 256 }, (_, index) => `alert-drill:${index}`);
const value = Buffer.alloc(16 * 2 ** 10, 'x');
const keysAtOnce = 8;
const pauseMs = 50;

const askedForBytes = keys.length * value.length;

/** Share of it that has room in the end, in percent: in turns, next to nothing is there when it is asked for again. */
const roomPercent = 25;

/** What evictions do to those who ask. */
export const evictionDrills: readonly AlertDrill[] = [
  {
    alert: 'RedisEvictionsHurt',
    cause: 'a cache has room for a quarter of what is asked for',
    // Of an hour the rule takes what there is: three of its short ranges show what the hit rate was.
    history: '15m',
    leadRange: '5m',
    tailRange: '5m',
    make: shrinkCache,
  },
];

async function shrinkCache({ running, untilHistory, signal }: AlertPlace): Promise<Heal> {
  const client = await openClient(firstNode(running), running.secrets);
  const emptyBytes = Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1]);
  const [, policy = ''] = (await client.config('GET', 'maxmemory-policy')) as string[];
  const [, limit = ''] = (await client.config('GET', 'maxmemory')) as string[];
  await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await client.config('SET', 'maxmemory', '0');
  const end = goOn(askInTurns(client), pauseMs, signal);
  const heal = async () => {
    try {
      await end();
    } finally {
      await client.unlink(...keys);
      await client.config('SET', 'maxmemory-policy', policy);
      await client.config('SET', 'maxmemory', limit);
      await client[Symbol.asyncDispose]();
    }
  };
  try {
    await untilHistory();
    await client.config('SET', 'maxmemory', String(emptyBytes + Math.round((askedForBytes * roomPercent) / 100)));
  } catch (thrown) {
    await heal();
    throw thrown;
  }
  return heal;
}

/** As applications ask a cache: what is not there is put there. */
function askInTurns(client: Redis): () => Promise<void> {
  let next = 0;
  return async () => {
    const asked = keys.slice(next, next + keysAtOnce);
    next = (next + keysAtOnce) % keys.length;
    const found = await client.mget(...asked);
    const missing = asked.filter((_, index) => found[index] === null);
    if (missing.length > 0) await client.mset(missing.flatMap((key) => [key, value]));
  };
}
