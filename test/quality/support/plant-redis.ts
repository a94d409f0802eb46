import type { RedisClient } from '../../../sandbox/engines/redis/server/client.ts';
import type { Planted } from './plant.ts';

const spaces = { user: 3_600, conversation: 1_800, knowledge_graph: 21_600 } as const;

/** Keys that live for exactly as long as they may. */
export async function plantNearMissesInRedis(client: RedisClient): Promise<void> {
  for (const [space, lifetimeS] of Object.entries(spaces)) {
    await client.set(`${space}:near`, JSON.stringify({ id: 'near' }), 'EX', lifetimeS);
  }
}

export async function plantInRedis(client: RedisClient): Promise<Planted> {
  const planted: Record<string, readonly string[]> = {};
  const staying: string[] = [];
  for (const [space, lifetimeS] of Object.entries(spaces)) {
    const [forEver, longer, hash] = ['for-ever', 'longer', 'hash'].map((name) => `${space}:${name}`) as [
      string,
      string,
      string,
    ];
    await client.set(forEver, '{}');
    await client.set(longer, '{}', 'EX', lifetimeS + 60);
    await client.hset(hash, 'field', 'value');
    planted[`redis.${space}.without-lifetime`] = [forEver, hash];
    planted[`redis.${space}.lives-too-long`] = [longer];
    planted[`redis.${space}.catalogue`] = ['field value is `hash|string`, and declared as `string`'];
    staying.push(forEver, hash);
  }
  await client.set('nobodys', 'for ever');
  // As a serializer of Java writes texts: no text itself.
  await client.set(Buffer.from([0xac, 0xed, 0, 5]), 'for ever');
  await client.set('lock:near', 'token', 'PX', 600_000);
  planted['redis.places'] = [
    '\\xac\\xed\\x00\\x05 has no contract',
    'lock: has no contract',
    'nobodys has no contract',
  ];
  planted['redis.server.count-without-lifetime'] = [...staying, 'nobodys', 'bytes'];
  return planted;
}

/** Leaves the server less than a tenth of its memory: nothing is evicted, since it is not full. */
export async function plantFullMemory(client: RedisClient): Promise<void> {
  const usedBytes = Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1]);
  await client.call('CONFIG', 'SET', 'maxmemory', String(Math.round(usedBytes * 1.05)));
}
