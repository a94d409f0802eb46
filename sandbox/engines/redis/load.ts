import type { Redis } from 'ioredis';
import type { Dataset } from '../../../seeds/dataset.ts';
import type { TaskReport } from '../../core/progress.ts';
import type { LoadReport, RunningEngine } from '../engine.ts';
import { keySpaces, lifetimesS } from './cache.ts';
import { firstNode, openClient } from './connection.ts';

/** Where the fingerprint of the loaded dataset is kept. */
const fingerprintKey = 'taishang:dataset';

/** Writes the caches with their lifetimes. Replaces the platform's key spaces; other keys stay. */
export async function load(running: RunningEngine, dataset: Dataset, report: TaskReport): Promise<LoadReport> {
  await using client = await openClient(firstNode(running), running.secrets);
  await client.del(fingerprintKey);
  for (const space of keySpaces) await clear(client, `${space}:*`);
  let keys = 0;
  for await (const entries of dataset.batches('cacheEntries')) {
    const pipeline = client.pipeline();
    for (const entry of entries) pipeline.set(entry.key, entry.value, 'EX', entry.lifetimeS);
    for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
    keys += entries.length;
    report.advance({ done: keys, total: dataset.counts.cacheEntries });
  }
  // It goes with the first caches that expire: what is no longer complete is loaded again.
  const shortestS = Math.min(...Object.values(lifetimesS));
  await client.set(fingerprintKey, await dataset.fingerprint(), 'EX', shortestS);
  return { loaded: { keys } };
}

export async function loadedFingerprint(running: RunningEngine): Promise<string | undefined> {
  await using client = await openClient(firstNode(running), running.secrets);
  return (await client.get(fingerprintKey)) ?? undefined;
}

async function clear(client: Redis, pattern: string): Promise<void> {
  for await (const keys of scan(client, pattern)) if (keys.length > 0) await client.unlink(...keys);
}

/** Keys that match, in batches of about 1,000. A key may come twice (Redis documentation, "SCAN"). */
export function scan(client: Redis, pattern: string): AsyncIterable<string[]> {
  return client.scanStream({ match: pattern, count: 1_000 });
}
