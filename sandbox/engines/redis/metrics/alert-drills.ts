import type { AlertDrill, AlertPlace, Heal } from '../../contract/alert-drills.ts';
import { firstNode } from '../../contract/topology.ts';
import { openClient } from '../server/connection.ts';

/** Memory of a server that is soon full, in bytes, and a value in it. */
const limitBytes = 64 * 2 ** 20;
const valueBytes = 256 * 2 ** 10;

/**
 * Share of the limit that a server without eviction is filled to, in percent: the alert is about more than 90, and what a
 * connection has for a value or two is given back.
 */
const filledPercent = 95;

/** Causes that are Redis's own; those of every engine's server are beside them. */
export const alertDrills: readonly AlertDrill[] = [
  {
    alert: 'RedisMemoryUsageHigh',
    cause: 'it is full and does not evict',
    asSpecified: 'fires',
    make: (place) =>
      fill(place, {
        settings: { 'maxmemory-policy': 'noeviction', maxmemory: String(limitBytes) },
        until: ({ usedBytes }) => usedBytes >= (limitBytes * filledPercent) / 100,
      }),
  },
  {
    alert: 'RedisMemoryUsageHigh',
    cause: 'it is full and evicts, as a cache does',
    mustFire: false,
    asSpecified: 'fires',
    make: (place) =>
      fill(place, {
        settings: { 'maxmemory-policy': 'allkeys-lru', maxmemory: String(limitBytes) },
        until: ({ writtenBytes }) => writtenBytes >= 1.5 * limitBytes,
      }),
  },
  {
    alert: 'RedisMemoryUsageHigh',
    cause: 'it has no limit',
    mustFire: false,
    asSpecified: 'fires',
    make: (place) => fill(place, { settings: { maxmemory: '0' }, until: () => true }),
  },
];

/** Why a further alert has none, as the end of a sentence. */
export const notDrilled = {
  RedisMemoryUnlimited: 'its cause would take 80 % of the memory of this machine',
} as const;

interface Filling {
  readonly settings: Readonly<Record<string, string>>;
  /** Writes go on until the server has taken so much. */
  readonly until: (memory: { readonly usedBytes: number; readonly writtenBytes: number }) => boolean;
}

async function fill({ running }: AlertPlace, { settings, until }: Filling): Promise<Heal> {
  const node = firstNode(running);
  await using client = await openClient(node, running.secrets);
  const before: [string, string][] = [];
  for (const [name, value] of Object.entries(settings)) {
    const [, current = ''] = (await client.config('GET', name)) as string[];
    before.push([name, current]);
    await client.config('SET', name, value);
  }
  const value = Buffer.alloc(valueBytes, 'x');
  const keys: string[] = [];
  const memory = async () => ({
    usedBytes: Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1]),
    writtenBytes: keys.length * valueBytes,
  });
  while (!until(await memory())) {
    const key = `alert-drill:${keys.length}`;
    await client.set(key, value);
    keys.push(key);
  }
  return async () => {
    await using again = await openClient(node, running.secrets);
    for (const [name, value] of before) await again.config('SET', name, value);
    if (keys.length > 0) await again.unlink(...keys);
  };
}
