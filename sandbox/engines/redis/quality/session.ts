import type { Redis } from 'ioredis';
import { deadlineMs } from '../../../core/deadlines.ts';
import { withoutUndefined } from '../../../core/without-undefined.ts';
import {
  type QualityAnswer,
  type QualityLimits,
  type QualityPlace,
  type QualityQuestion,
  type QualitySession,
  requireInTime,
} from '../../contract/quality.ts';
import type { SchemaObject } from '../../contract/schema/schema-gap.ts';
import { isExternal, type ReachableEngine } from '../../contract/topology.ts';
import { loadedAtKey } from '../data/mark.ts';
import { type Masters, openMasters } from '../server/masters.ts';
import { clusterSize, keysThatStay, valuesOf } from './answers.ts';
import { createDatabases, type Databases } from './databases.ts';
import { everything, keysByLifetime, keyText, patternOf, scanBytes } from './keys.ts';
import { askOf } from './questions.ts';

/** Our own records, which stay: see `data/mark.ts`. */
const ownKeys = [loadedAtKey, 'taishang:dataset'];

/** Keys whose type is looked at, of each place and master. */
const typesSampled = 1_000;

/**
 * Reads from the masters: a replica does not delete what has expired, and its lifetimes are those of a moment ago. No
 * command of it writes.
 */
export async function openSession(running: ReachableEngine): Promise<QualitySession> {
  const masters = await openMasters(running, { commandTimeoutMs: deadlineMs('statement') });
  const databases = createDatabases(masters, running);
  try {
    if (isExternal(running)) await requireWhole(masters);
  } catch (thrown) {
    await masters[Symbol.asyncDispose]();
    throw thrown;
  }
  return {
    reader: `${isExternal(running) ? 'the login of its address' : 'the user default'}, commands that do not write`,
    // Those that its places are told of without a number.
    ownDatabase: String(masters.clients[0]?.options.db ?? 0),
    answer: (question, limits) => answer({ masters, databases }, question, limits),
    places: (limits) => placesIn(databases, limits),
    catalogue: (place) => catalogueOf(databases, place),
    [Symbol.asyncDispose]: async () => {
      databases[Symbol.dispose]();
      await masters[Symbol.asyncDispose]();
    },
  };
}

/** Of a cluster an address names one node: what the others hold would be passed over. */
async function requireWhole({ clients }: Masters): Promise<void> {
  for (const client of clients) {
    // A login that may read and nothing else is refused this.
    const info = String(await client.info('cluster').catch(() => ''));
    if (!/^cluster_enabled:1/m.test(info)) continue;
    const size = clusterSize(String(await client.call('CLUSTER', 'INFO')));
    if (size > 1) throw new Error(`the address is that of one node of a cluster of ${size}, and others hold keys too`);
  }
}

interface Reader {
  readonly masters: Masters;
  readonly databases: Databases;
}

async function answer(reader: Reader, question: QualityQuestion, limits: QualityLimits): Promise<QualityAnswer> {
  const asked = askOf(question);
  const deadlineAtMs = performance.now() + limits.timeoutMs;
  const keys = async (isOne: (lifetimeMs: number) => boolean) => {
    const clients = await reader.databases.clientsIn(question.place.database);
    const known = new Set([...question.accepted, ...ownKeys]);
    return (await keysByLifetime(clients, question.place, isOne, deadlineAtMs)).filter((key) => !known.has(key));
  };
  switch (asked.ask) {
    case 'count of keys without a lifetime':
      return withoutLifetime(reader);
    case 'memory':
      return memory(reader.masters, asked.usedPercentMax);
    case 'count of keys':
      return { count: (await keys(() => true)).length, ids: [] };
    case 'keys without a lifetime':
      return some(await keys((lifetimeMs) => lifetimeMs === -1), limits);
    case 'keys that live too long':
      return some(await keys((lifetimeMs) => lifetimeMs > asked.lifetimeMaxS * 1_000), limits);
  }
}

function some(keys: readonly string[], { idsMax }: QualityLimits): QualityAnswer {
  return { count: keys.length, ids: keys.toSorted().slice(0, idsMax) };
}

async function withoutLifetime({ masters: { clients, of }, databases }: Reader): Promise<QualityAnswer> {
  const infos = await Promise.all(clients.map((client) => client.info('keyspace')));
  const counts = infos.flatMap(keysThatStay);
  // Who has none but its own need not look for those of tests.
  const tests = counts.some(({ database }) => database > 0) ? await databases.forTests() : new Set<number>();
  const own = await Promise.all(ownKeys.map((key) => of(key).exists(key)));
  const those = counts.filter(({ database }) => !tests.has(database)).map(({ count }) => count);
  return { count: Math.max(0, sumOf(those) - sumOf(own)), ids: [] };
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

async function memory({ clients }: Masters, percentMax: number): Promise<QualityAnswer> {
  const nodes = await Promise.all(
    clients.map(async (client) => ({ name: nameOf(client), ...memoryIn(await client.info('memory')) })),
  );
  const unlimited = nodes.filter(({ mostBytes }) => mostBytes === 0);
  const over = nodes.filter(({ usedBytes, mostBytes }) => mostBytes > 0 && (usedBytes / mostBytes) * 100 > percentMax);
  return {
    count: over.length,
    ids: over.map(
      ({ name, usedBytes, mostBytes }) =>
        `${name}: ${Math.round((usedBytes / mostBytes) * 100)} % of ${mostBytes} bytes`,
    ),
    ...(unlimited.length === 0
      ? {}
      : { note: `Memory is unlimited on ${unlimited.map(({ name }) => name).join(', ')}: there is no share to tell.` }),
  };
}

function memoryIn(info: string): { readonly usedBytes: number; readonly mostBytes: number } {
  const figure = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  return { usedBytes: figure('used_memory'), mostBytes: figure('maxmemory') };
}

function nameOf(client: Redis): string {
  return `${client.options.host}:${client.options.port}`;
}

/** Beginnings of keys up to the first colon, in each database; a key without one is a place by itself. */
async function placesIn(databases: Databases, { timeoutMs }: QualityLimits): Promise<readonly QualityPlace[]> {
  const deadlineAtMs = performance.now() + timeoutMs;
  const found: QualityPlace[] = [];
  for (const database of [undefined, ...(await databases.others())]) {
    const names = new Set<string>();
    for (const client of await databases.clientsIn(database)) {
      for await (const keys of scanBytes(client, everything)) {
        requireInTime(deadlineAtMs);
        for (const key of keys.map(keyText)) if (!ownKeys.includes(key)) names.add(/^[^:]*:/.exec(key)?.[0] ?? key);
      }
    }
    found.push(...[...names].toSorted().map((name) => ({ name, ...withoutUndefined({ database }) })));
  }
  return found;
}

/** Types of the first values. */
async function catalogueOf(databases: Databases, place: QualityPlace): Promise<readonly SchemaObject[]> {
  const types = new Set<string>();
  // Of all keys together nothing is known.
  if (place.name === '*') return [];
  for (const client of await databases.clientsIn(place.database)) {
    let seen = 0;
    for await (const keys of scanBytes(client, patternOf(place))) {
      const pipeline = client.pipeline();
      for (const key of keys) pipeline.type(key);
      for (const type of valuesOf(await pipeline.exec())) types.add(String(type));
      seen += keys.length;
      if (seen >= typesSampled) break;
    }
  }
  types.delete('none');
  return types.size === 0 ? [] : [{ kind: 'field', name: 'value', definition: [...types].toSorted().join('|') }];
}
