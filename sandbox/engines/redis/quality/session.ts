import type { Redis } from 'ioredis';
import { deadlineMs } from '../../../core/deadlines.ts';
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
import { scan } from '../data/load.ts';
import { loadedAtKey } from '../data/mark.ts';
import { type Masters, openMasters } from '../server/masters.ts';
import { clusterSize, valuesOf } from './answers.ts';
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
  try {
    if (isExternal(running)) await requireWhole(masters);
  } catch (thrown) {
    await masters[Symbol.asyncDispose]();
    throw thrown;
  }
  return {
    reader: `${isExternal(running) ? 'the login of its address' : 'the user default'}, commands that do not write`,
    answer: (question, limits) => answer(masters, question, limits),
    places: (limits) => placesIn(masters, limits),
    catalogue: (place) => catalogueOf(masters, place),
    [Symbol.asyncDispose]: () => masters[Symbol.asyncDispose](),
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

async function answer(masters: Masters, question: QualityQuestion, limits: QualityLimits): Promise<QualityAnswer> {
  const asked = askOf(question);
  const deadlineAtMs = performance.now() + limits.timeoutMs;
  switch (asked.ask) {
    case 'count of keys without a lifetime':
      return withoutLifetime(masters);
    case 'memory':
      return memory(masters, asked.usedPercentMax);
    case 'count of keys':
      return { count: (await violations(masters, question, () => true, deadlineAtMs)).size, ids: [] };
    case 'keys without a lifetime':
      return some(await violations(masters, question, (lifetimeMs) => lifetimeMs === -1, deadlineAtMs), limits);
    case 'keys that live too long': {
      const mostMs = asked.lifetimeMaxS * 1_000;
      const tooLong = (lifetimeMs: number) => lifetimeMs > mostMs;
      return some(await violations(masters, question, tooLong, deadlineAtMs), limits);
    }
  }
}

function some(keys: ReadonlySet<string>, { idsMax }: QualityLimits): QualityAnswer {
  return { count: keys.size, ids: [...keys].toSorted().slice(0, idsMax) };
}

/** Keys of a place by their lifetimes in milliseconds, -1 for one that stays. A scan may tell of a key twice. */
async function violations(
  masters: Masters,
  { place, accepted }: QualityQuestion,
  isOne: (lifetimeMs: number) => boolean,
  deadlineAtMs: number,
): Promise<ReadonlySet<string>> {
  const known = new Set([...accepted, ...ownKeys]);
  const found = new Set<string>();
  for (const client of masters.clients) {
    for await (const keys of scan(client, patternOf(place))) {
      requireInTime(deadlineAtMs);
      const pipeline = client.pipeline();
      for (const key of keys) pipeline.pttl(key);
      for (const [index, lifetimeMs] of valuesOf(await pipeline.exec()).entries()) {
        const key = keys[index] as string;
        // -2: it has gone since the scan told of it.
        if (lifetimeMs !== -2 && !known.has(key) && isOne(Number(lifetimeMs))) found.add(key);
      }
    }
  }
  return found;
}

/** `user:` is every key that begins so; characters that a pattern has a meaning for are meant as they are. */
function patternOf({ name }: QualityPlace): string {
  return name === '*' ? '*' : `${name.replaceAll(/[\\*?[\]]/g, '\\$&')}*`;
}

async function withoutLifetime({ clients, of }: Masters): Promise<QualityAnswer> {
  const counts = await Promise.all(clients.map(async (client) => staying(await client.info('keyspace'))));
  const own = await Promise.all(ownKeys.map((key) => of(key).exists(key)));
  const total = counts.reduce((sum, count) => sum + count, 0) - own.reduce((sum, count) => sum + count, 0);
  return { count: Math.max(0, total), ids: [] };
}

/** `db0:keys=10,expires=8,...` of each database: keys without a lifetime are the difference. */
function staying(info: string): number {
  return [...info.matchAll(/^db\d+:keys=(\d+),expires=(\d+)/gm)].reduce(
    (sum, [, keys, expires]) => sum + Number(keys) - Number(expires),
    0,
  );
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

/** Beginnings of keys up to the first colon; a key without one is a place by itself. */
async function placesIn(masters: Masters, { timeoutMs }: QualityLimits): Promise<readonly QualityPlace[]> {
  const deadlineAtMs = performance.now() + timeoutMs;
  const names = new Set<string>();
  for (const client of masters.clients) {
    for await (const keys of scan(client, '*')) {
      requireInTime(deadlineAtMs);
      for (const key of keys) if (!ownKeys.includes(key)) names.add(/^[^:]*:/.exec(key)?.[0] ?? key);
    }
  }
  return [...names].toSorted().map((name) => ({ name }));
}

/** Types of the first values. */
async function catalogueOf(masters: Masters, place: QualityPlace): Promise<readonly SchemaObject[]> {
  const types = new Set<string>();
  // Of all keys together nothing is known.
  if (place.name === '*') return [];
  for (const client of masters.clients) {
    let seen = 0;
    for await (const keys of scan(client, patternOf(place))) {
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
