import type { Redis } from 'ioredis';
import type { Dataset } from '../../../seeds/dataset.ts';
import type { CacheEntry } from '../../../seeds/entities.ts';
import type { TaskReport } from '../../core/progress.ts';
import type { LoadReport } from '../engine.ts';
import type { RunningEngine } from '../topology.ts';
import { keySpaces, lifetimesS } from './cache.ts';
import { openMasters } from './masters.ts';

/** Where the fingerprint of the loaded dataset is kept. */
const fingerprintKey = 'taishang:dataset';

/** Writes the caches with their lifetimes. Replaces the platform's key spaces; other keys stay. */
export async function load(running: RunningEngine, dataset: Dataset, report: TaskReport): Promise<LoadReport> {
  await using masters = await openMasters(running);
  await masters.of(fingerprintKey).del(fingerprintKey);
  await Promise.all(masters.clients.map((client) => Promise.all(keySpaces.map((space) => clear(client, space)))));
  let keys = 0;
  for await (const entries of dataset.batches('cacheEntries')) {
    const byMaster = Map.groupBy(entries, ({ key }) => masters.of(key));
    await Promise.all([...byMaster].map(([client, share]) => write(client, share)));
    keys += entries.length;
    report.advance({ done: keys, total: dataset.counts.cacheEntries });
  }
  // It goes with the first caches that expire: what is no longer complete is loaded again.
  const shortestS = Math.min(...Object.values(lifetimesS));
  await masters.of(fingerprintKey).set(fingerprintKey, await dataset.fingerprint(), 'EX', shortestS);
  return { loaded: { keys } };
}

export async function loadedFingerprint(running: RunningEngine): Promise<string | undefined> {
  await using masters = await openMasters(running);
  return (await masters.of(fingerprintKey).get(fingerprintKey)) ?? undefined;
}

async function write(client: Redis, entries: readonly CacheEntry[]): Promise<void> {
  const pipeline = client.pipeline();
  for (const entry of entries) pipeline.set(entry.key, entry.value, 'EX', entry.lifetimeS);
  for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
}

/** One by one: keys of a cluster's master lie in many slots, and one command may name keys of one slot alone. */
async function clear(client: Redis, space: string): Promise<void> {
  for await (const keys of scan(client, `${space}:*`)) {
    const pipeline = client.pipeline();
    for (const key of keys) pipeline.unlink(key);
    for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
  }
}

/** Keys that match, in batches of about 1,000. A key may come twice (Redis documentation, "SCAN"). */
export function scan(client: Redis, pattern: string): AsyncIterable<string[]> {
  return client.scanStream({ match: pattern, count: 1_000 });
}
