import type { Redis } from 'ioredis';

/** Keys in each database that has one, by its number. */
export async function numbersOfKeys(client: Redis): Promise<ReadonlyMap<number, number>> {
  const lines = (await client.info('keyspace')).matchAll(/^db(\d+):keys=(\d+)/gm);
  return new Map([...lines].map(([, database, keys]) => [Number(database), Number(keys)]));
}
