import type { Dataset } from '../../../../seeds/dataset.ts';
import type { CacheEntry } from '../../../../seeds/entities.ts';
import type { TaskReport } from '../../../core/progress.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import type { KeySpace } from '../schema/cache.ts';
import { type Masters, openMasters } from '../server/masters.ts';
import { keysPerWrite } from './load.ts';
import { everySpaceAt, expiredSpaces, readLoadedAt, serverTimeMs, writeLoadedAt } from './mark.ts';

/**
 * Caches again what has expired since the load, and returns how many keys that were. A key that is there keeps its value,
 * whoever wrote it, and lives as long as the others from now.
 */
export async function refill(running: RunningEngine, dataset: Dataset, report: TaskReport): Promise<number> {
  await using masters = await openMasters(running);
  const expired = new Set<string>(await expiredSpaces(masters));
  const loadedAtMs = await readLoadedAt(masters);
  if (expired.size === 0 || loadedAtMs === undefined) return 0;
  const beganMs = await serverTimeMs(masters);
  let refilled = 0;
  for await (const batch of dataset.batches('cacheEntries')) {
    const entries = batch.filter(({ key }) => expired.has(spaceOf(key)));
    for (let first = 0; first < entries.length; first += keysPerWrite) {
      refilled += await cacheAgain(masters, entries.slice(first, first + keysPerWrite));
      report.advance({ done: refilled });
    }
  }
  await writeLoadedAt(
    masters,
    everySpaceAt((space) => (expired.has(space) ? beganMs : loadedAtMs[space])),
  );
  return refilled;
}

/** Key space of a key of ours. */
function spaceOf(key: string): KeySpace {
  return key.slice(0, key.indexOf(':')) as KeySpace;
}

/** Sets those that are not there, and lets the others live as long; returns how many were set. */
export async function cacheAgain(masters: Masters, entries: readonly CacheEntry[]): Promise<number> {
  const byMaster = Map.groupBy(entries, ({ key }) => masters.of(key));
  const counts = [...byMaster].map(async ([client, share]) => {
    const pipeline = client.pipeline();
    for (const { key, value, lifetimeS } of share) {
      pipeline.set(key, value, 'EX', lifetimeS, 'NX').expire(key, lifetimeS, 'GT');
    }
    const answers = (await pipeline.exec()) ?? [];
    for (const [error] of answers) if (error) throw error;
    return answers.filter(([, answer]) => answer === 'OK').length;
  });
  return (await Promise.all(counts)).reduce((total, count) => total + count, 0);
}
