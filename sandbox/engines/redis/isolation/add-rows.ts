import type { Redis } from 'ioredis';
import type { EntityRows, Place } from '../../contract/isolation.ts';

/** Adds cache entries, whose lifetimes begin now. Throws where one is there: it is another's. */
export async function addRows(_: Place, { cacheEntries = [] }: EntityRows, open: () => Promise<Redis>): Promise<void> {
  if (cacheEntries.length === 0) return;
  const client = await open();
  for (const { key, value, lifetimeS } of cacheEntries) {
    if ((await client.set(key, value, 'EX', lifetimeS, 'NX')) === null) throw new Error(`${key} is there already`);
  }
}
