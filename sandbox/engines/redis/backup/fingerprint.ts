import type { Redis } from 'ioredis';
import { sha256Of } from '../../../core/sha256-of.ts';
import type { Fingerprint } from '../../contract/data.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { buildParts } from '../../shared/backup/expiring-parts.ts';
import { loadedAtKey } from '../data/mark.ts';
import { databasesForTests } from '../isolation/registry.ts';
import { type Masters, openMasters } from '../server/masters.ts';
import { numbersOfKeys } from '../server/numbers-of-keys.ts';
import { userLines } from './users.ts';

/** Settings that decide what the store keeps, and how well. They come from the stack's file, not from a backup. */
const settings = ['maxmemory', 'maxmemory-policy', 'appendonly', 'appendfsync', 'save', 'databases'] as const;

/** The RDB version and a checksum over it end a serialised value; both differ between releases (Redis, DUMP). */
const footerBytes = 10;

/**
 * The same data means: the same keys with the same serialised values, key space by key space, and the same absolute
 * expiry to the millisecond, which is how an RDB and the replication keep it; the same function libraries, the same
 * users with rules and passwords beside the stack's own, and the same settings.
 * Keys expire: those that have gone are told apart from those that should be there.
 */
export async function fingerprint(running: RunningEngine): Promise<Fingerprint> {
  await using masters = await openMasters(running);
  const [functions, users, configuration] = await Promise.all([
    same(masters, functionLibraries),
    same(masters, userLines),
    same(masters, async (client) => (await Promise.all(settings.map((name) => settingOf(client, name)))).flat()),
  ]);
  const { parts, expiring } = await hashOfKeys(masters);
  return { parts: { ...parts, functions, users, configuration }, expiring };
}

function settingOf(client: Redis, name: string): Promise<string[]> {
  return client.config('GET', name) as Promise<string[]>;
}

/** What every master has must be the same: where it is not, the hash says so by being another. */
async function same(masters: Masters, linesOf: (client: Redis) => Promise<readonly string[]>): Promise<string> {
  const [first = '', ...others] = await Promise.all(
    masters.clients.map(async (client) => hashOf(await linesOf(client))),
  );
  return others.every((other) => other === first) ? first : hashOf([first, ...others]);
}

/** Source of each function library. */
export async function functionLibraries(client: Redis): Promise<readonly string[]> {
  const libraries = (await client.function('LIST', 'WITHCODE')) as unknown[][];
  return libraries.map((library) => String(library[library.indexOf('library_code') + 1])).toSorted();
}

/** Expiries apart: data that is loaded again lives on from then, and so does what says when it was loaded. */
async function hashOfKeys(masters: Masters): Promise<Required<Fingerprint>> {
  const parts = buildParts();
  for (const database of await databasesOf(masters)) {
    // A cluster has one database, and knows no SELECT.
    if (database > 0) await Promise.all(masters.clients.map((client) => client.select(database)));
    for await (const { key, value, expiryMs } of inOrder(masters.clients.map(keysOf))) {
      const goesMs = expiryMs > 0 ? expiryMs : undefined;
      if (key === loadedAtKey) parts.add('expiries', [key, value]);
      else parts.add(`keys ${key.split(':', 1)[0]}`, [`${database} ${key}\0`, value], goesMs);
      parts.add('expiries', [`${database} ${key}\0${expiryMs}\n`], goesMs);
    }
    if (database > 0) await Promise.all(masters.clients.map((client) => client.select(0)));
  }
  return parts.build();
}

async function databasesOf(masters: Masters): Promise<readonly number[]> {
  const numbers = await Promise.all(
    masters.clients.map(async (client) => {
      const forTests = await databasesForTests(client);
      return [...(await numbersOfKeys(client)).keys()].filter((number) => !forTests.has(number));
    }),
  );
  return [...new Set(numbers.flat())].toSorted((left, right) => left - right);
}

/** Keys of all masters by name: which master holds which is no part of the data. */
async function* inOrder(streams: readonly AsyncGenerator<StoredKey>[]): AsyncGenerator<StoredKey> {
  const heads = await Promise.all(streams.map(async (stream) => ({ stream, next: await stream.next() })));
  for (;;) {
    const open = heads.filter(({ next }) => next.done !== true);
    const [first, ...others] = open;
    if (first === undefined) return;
    const keyOf = (head: typeof first) => (head.next.value as StoredKey).key;
    const least = others.reduce((best, head) => (keyOf(head) < keyOf(best) ? head : best), first);
    yield least.next.value as StoredKey;
    least.next = await least.stream.next();
  }
}

export interface StoredKey {
  readonly key: string;
  /** Serialised, without what differs between releases. */
  readonly value: Buffer;
  /** What `RESTORE` takes: the same with its footer. */
  readonly dump: Buffer;
  /** Milliseconds since 1970, -1 for a key that stays. */
  readonly expiryMs: number;
}

/** Names have one character for each byte: they need not be UTF-8. */
export async function* keysOf(client: Redis): AsyncGenerator<StoredKey> {
  const names = new Set<string>();
  for await (const keys of client.scanBufferStream({ count: 1_000 }) as AsyncIterable<readonly Buffer[]>) {
    for (const key of keys) names.add(key.toString('latin1'));
  }
  const sorted = [...names].toSorted();
  for (let first = 0; first < sorted.length; first += 500) {
    const some = sorted.slice(first, first + 500);
    const pipeline = client.pipeline();
    for (const key of some.map((name) => Buffer.from(name, 'latin1'))) pipeline.dumpBuffer(key).pexpiretime(key);
    const answers = ((await pipeline.exec()) ?? []).map(([error, value]) => {
      if (error) throw error;
      return value;
    });
    for (const [index, key] of some.entries()) {
      const dump = answers[2 * index] as Buffer | null;
      // It expired since it was listed.
      if (dump === null) continue;
      yield { key, value: dump.subarray(0, -footerBytes), dump, expiryMs: Number(answers[2 * index + 1]) };
    }
  }
}

function hashOf(lines: readonly string[]): string {
  return sha256Of(lines.join('\n'));
}
