import type { Redis } from 'ioredis';
import { sha256Of } from '../../../core/sha256-of.ts';
import { functionLibraries, keysOf } from '../backup/fingerprint.ts';
import { userLines } from '../backup/users.ts';

/** A key's value, as a hash of its serialisation, and how long it lives; absent: it stays. */
interface KeyContent {
  readonly hash: string;
  readonly lifetimeMs?: number;
}

export type Keys = ReadonlyMap<string, KeyContent>;

/** Every key of a database, with its lifetime from `sinceMs` on. Leaves the client in database 0. */
export async function readKeys(client: Redis, database: number, sinceMs: number): Promise<Keys> {
  await client.select(database);
  const keys = new Map<string, KeyContent>();
  for await (const { key, value, expiryMs } of keysOf(client)) {
    const hash = sha256Of(value, 'base64');
    keys.set(key, expiryMs > 0 ? { hash, lifetimeMs: expiryMs - sinceMs } : { hash });
  }
  await client.select(0);
  return keys;
}

/**
 * Keys of which `found` has not what `wanted` has, `passedMs` after their lifetimes began. Those whose lifetime is over by
 * then may be gone; those that are there end when they should, to the millisecond.
 */
export function differentKeys(wanted: Keys, found: Keys, passedMs: number): readonly string[] {
  const names = new Set([...wanted.keys(), ...found.keys()]);
  return [...names].filter((name) => {
    const [should, is] = [wanted.get(name), found.get(name)];
    if (should === undefined) return true;
    if (is === undefined) return (should.lifetimeMs ?? Number.POSITIVE_INFINITY) > passedMs;
    return should.hash !== is.hash || should.lifetimeMs !== is.lifetimeMs;
  });
}

/** What all places of a server share, part by part. */
export async function readShared(client: Redis): Promise<ReadonlyMap<string, string>> {
  const settings = (await client.config('GET', '*')) as readonly string[];
  const pairs = settings.flatMap((name, index) =>
    index % 2 === 0 ? [[name, settings[index + 1] ?? ''] as const] : [],
  );
  return new Map([
    ['functions', (await functionLibraries(client)).join('\n')],
    ['users', (await userLines(client)).join('\n')],
    // Some settings are passwords.
    ...pairs.map(([name, value]) => [`setting ${name}`, sha256Of(value, 'base64')] as const),
  ]);
}

/** The server's time in milliseconds since 1970. */
export async function serverTimeMs(client: Redis): Promise<number> {
  const [seconds, microseconds] = await client.time();
  return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
}
