import { createHash, type Hash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Fingerprint, RunningEngine } from '../engine.ts';
import { firstNode, openClient } from './connection.ts';
import { scan } from './load.ts';

/** Settings that decide what the store keeps, and how well. They come from the stack's file, not from a backup. */
const settings = ['maxmemory', 'maxmemory-policy', 'appendonly', 'appendfsync', 'save', 'databases'] as const;

/** The RDB version and a checksum over it end a serialised value; both differ between releases (Redis, DUMP). */
const footerBytes = 10;

/**
 * The same data means: the same keys with the same serialised values, key space by key space, and the same absolute
 * expiry to the millisecond, which is how an RDB and the replication keep it; the same function libraries, the same
 * users with rules and passwords beside the stack's own, and the same settings.
 * Keys expire: a key space tells nothing once its first key may have gone.
 */
export async function fingerprint(running: RunningEngine): Promise<Fingerprint> {
  await using client = await openClient(firstNode(running), running.secrets);
  const [functions, users, configuration] = await Promise.all([
    functionLibraries(client),
    otherUsers(client),
    Promise.all(settings.map((name) => client.config('GET', name) as Promise<string[]>)),
  ]);
  const { parts, comparableUntilMs } = await hashOfKeys(client);
  return {
    parts: {
      ...parts,
      functions: hashOf(functions),
      users: hashOf(users),
      configuration: hashOf(configuration.flat()),
    },
    comparableUntilMs,
  };
}

/** Users beside `default`, whose password is the stack's own: lines of `ACL LIST`. */
export async function otherUsers(client: Redis): Promise<readonly string[]> {
  const users = (await client.acl('LIST')) as string[];
  return users.filter((line) => !line.startsWith('user default ')).toSorted();
}

/** Source of each function library. */
export async function functionLibraries(client: Redis): Promise<readonly string[]> {
  const libraries = (await client.function('LIST', 'WITHCODE')) as unknown[][];
  return libraries.map((library) => String(library[library.indexOf('library_code') + 1])).toSorted();
}

/** Keys in each database that has one, by its number. */
export async function numbersOfKeys(client: Redis): Promise<ReadonlyMap<number, number>> {
  const lines = (await client.info('keyspace')).matchAll(/^db(\d+):keys=(\d+)/gm);
  return new Map([...lines].map(([, database, keys]) => [Number(database), Number(keys)]));
}

/** Expiries apart: data that is loaded again lives on from then. */
async function hashOfKeys(client: Redis): Promise<Required<Fingerprint>> {
  const hashes = new Map<string, Hash>();
  const comparableUntilMs: Record<string, number> = {};
  const add = (part: string, text: string, expiryMs: number, value?: Buffer) => {
    const hash = hashes.get(part) ?? createHash('sha256');
    hashes.set(part, hash.update(text).update(value ?? ''));
    if (expiryMs > 0) comparableUntilMs[part] = Math.min(comparableUntilMs[part] ?? expiryMs, expiryMs);
  };
  for (const database of [...(await numbersOfKeys(client)).keys()].toSorted()) {
    await client.select(database);
    for await (const { key, value, expiryMs } of keysOf(client)) {
      add(`keys ${key.split(':', 1)[0]}`, `${database} ${key}\0`, expiryMs, value);
      add('expiries', `${database} ${key}\0${expiryMs}\n`, expiryMs);
    }
  }
  await client.select(0);
  const parts = Object.fromEntries([...hashes].map(([part, hash]) => [part, hash.digest('hex')]));
  return { parts, comparableUntilMs };
}

interface StoredKey {
  readonly key: string;
  readonly value: Buffer;
  /** Milliseconds since 1970, -1 for a key that stays. */
  readonly expiryMs: number;
}

async function* keysOf(client: Redis): AsyncGenerator<StoredKey> {
  const names = new Set<string>();
  for await (const keys of scan(client, '*')) for (const key of keys) names.add(key);
  const sorted = [...names].toSorted();
  for (let first = 0; first < sorted.length; first += 500) {
    const some = sorted.slice(first, first + 500);
    const pipeline = client.pipeline();
    for (const key of some) pipeline.dumpBuffer(key).pexpiretime(key);
    const answers = ((await pipeline.exec()) ?? []).map(([error, value]) => {
      if (error) throw error;
      return value;
    });
    for (const [index, key] of some.entries()) {
      const value = answers[2 * index] as Buffer | null;
      // It expired since it was listed.
      if (value === null) continue;
      yield { key, value: value.subarray(0, -footerBytes), expiryMs: Number(answers[2 * index + 1]) };
    }
  }
}

function hashOf(lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}
