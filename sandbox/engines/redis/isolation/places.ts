import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { AsyncDisposableStack } from '../../../core/disposable-stack.ts';
import { SandboxError } from '../../../core/errors.ts';
import type { Capacity, IsolationOptions, Place, Places } from '../../contract/isolation.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { placeName, stackMark } from '../../shared/isolation/place-names.ts';
import { schemaGaps } from '../schema/schema-gaps.ts';
import { openClient } from '../server/connection.ts';
import { numbersOfKeys } from '../server/numbers-of-keys.ts';
import { differentKeys, type Keys, readKeys, readShared, serverTimeMs } from './contents.ts';
import { rulesOf } from './login.ts';
import { findRegistry, type Registry, runScript, takenDatabases } from './registry.ts';

/** Keys that are named of one place: more say nothing more. */
const namedKeysMax = 20;

/** What places are made from, in a database of its own. */
interface Template {
  readonly database: number;
  readonly keys: Keys;
  /** Server's time that lifetimes are counted from. */
  readonly takenAtMs: number;
}

interface OpenPlace {
  readonly database: number;
  /** Server's time that the lifetimes of its keys began at. */
  filledAtMs: number;
}

interface Pool {
  readonly running: RunningEngine;
  readonly client: Redis;
  /** Of its own: it looks into several databases. */
  readonly reader: Redis;
  readonly registry: Registry;
  readonly template: Template;
  readonly shared: ReadonlyMap<string, string>;
  readonly open: Map<string, OpenPlace>;
  /** Names of the places that there are, and of those that are being made. */
  readonly own: Set<string>;
}

/**
 * Copies database 0 as it is now, and opens the pool of databases that are made from the copy.
 * Throws `NOT_SUPPORTED` for a cluster, for a server that is not ours, and where no two databases are empty.
 */
export async function openPlaces(running: RunningEngine, { owner, maximum }: IsolationOptions): Promise<Places> {
  requireDatabases(running);
  await using opening = new AsyncDisposableStack();
  const client = opening.use(await openClient(firstNode(running), running.secrets));
  const reader = opening.use(await openClient(firstNode(running), running.secrets));
  const registry = await findRegistry(client);
  if (registry === undefined) throw noRoom(running);
  const mark = stackMark(running);
  const name = placeName(mark, owner);
  const database = await claim(client, registry, name);
  if (database === undefined) throw noRoom(running);
  opening.defer(() => release(client, registry, name));
  const taken = await runScript(client, 'take-template', [0, database, registry.number]);
  const [count, takenAtMs] = taken as [number, string];
  const keys = await templateKeys(reader, database, registry);
  if (keys.size !== count) throw evicted(keys.size, count);
  const template: Template = { database, keys, takenAtMs: Number(takenAtMs) };
  const shared = await readShared(client);
  const pool: Pool = { running, client, reader, registry, template, shared, open: new Map(), own: new Set() };
  const capacity = await capacityOf(pool, maximum);
  const resources = opening.move();
  let verifying: Promise<unknown> = Promise.resolve();
  return {
    capacity,
    recount: () => capacityOf(pool, maximum),
    make: () => make(pool, placeName(mark, owner)),
    reset: (place) => reset(pool, place),
    async verify(place) {
      // One connection looks into one database at a time.
      const verified = verifying.then(() => verify(pool, place));
      verifying = verified.catch(() => {});
      return verified;
    },
    schemaGaps: () => schemaGaps(running),
    drop: ({ id }) => drop(pool, id),
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  };
}

/** Places of the pool's own take nothing from it, with whatever is in their databases. */
async function capacityOf({ client, registry, own }: Pool, maximum: number | undefined): Promise<Capacity> {
  const taken = [...(await takenDatabases(client, registry))];
  const ownNumbers = new Set(taken.flatMap(([name, number]) => (own.has(name) ? [number] : [])));
  const used = [0, registry.number, ...taken.map(([, number]) => number), ...(await numbersOfKeys(client)).keys()];
  const room = registry.total - new Set(used.filter((number) => !ownNumbers.has(number))).size;
  if (maximum !== undefined && maximum <= room) return { places: maximum, boundBy: `at most ${maximum} asked for` };
  return {
    places: room,
    boundBy: `${registry.total} databases of the server, without those that have keys or belong to tests already`,
  };
}

async function claim(client: Redis, { number, total }: Registry, name: string): Promise<number | undefined> {
  const database = Number(await runScript(client, 'claim-database', [total, name, number]));
  return database < 0 ? undefined : database;
}

async function release(client: Redis, { number }: Registry, name: string): Promise<void> {
  await runScript(client, 'release-database', [name, number]);
}

/** Of a template: their lifetimes lie beside them. */
async function templateKeys(reader: Redis, database: number, { number }: Registry): Promise<Keys> {
  const keys = await readKeys(reader, database, 0);
  await reader.select(number);
  const hash = `taishang:lifetimes:${database}`;
  const [names, values] = [await reader.hkeysBuffer(hash), await reader.hvals(hash)];
  await reader.select(0);
  const lifetimes = new Map(names.map((name, index) => [name.toString('latin1'), Number(values[index])]));
  return new Map(
    [...keys].map(([key, { hash: value }]) => {
      const lifetimeMs = lifetimes.get(key);
      return [key, lifetimeMs === undefined ? { hash: value } : { hash: value, lifetimeMs }];
    }),
  );
}

async function make(pool: Pool, id: string): Promise<Place> {
  const { running, client, registry, own } = pool;
  own.add(id);
  try {
    const database = await claim(client, registry, id);
    if (database === undefined) throw noRoom(running);
    pool.open.set(id, { database, filledAtMs: await fill(pool, database) });
    const password = randomBytes(24).toString('base64url');
    await client.acl('SETUSER', id, ...rulesOf(password, database));
    const { host, port } = firstNode(running);
    const uri = `redis://${id}:${password}@${host}:${port}/${database}`;
    return { id, uri, environment: { REDIS_URL: uri } };
  } catch (thrown) {
    // Why it could not be made is what counts.
    await drop(pool, id).catch(() => {});
    throw thrown;
  }
}

/** One that could not be dropped is left, and none of the pool's either: it takes a database from it. */
async function drop({ client, registry, own, open }: Pool, id: string): Promise<void> {
  // From now on its database may be another one's.
  open.delete(id);
  try {
    await dropPlace(client, registry, id);
  } finally {
    own.delete(id);
  }
}

/** Makes a database what the template is. Returns when the lifetimes of its keys began. */
async function fill({ client, registry, template }: Pool, database: number): Promise<number> {
  const answer = await runScript(client, 'copy-template', [template.database, database, registry.number]);
  const [count, filledAtMs] = answer as [number, string];
  if (count !== template.keys.size) throw evicted(count, template.keys.size);
  return Number(filledAtMs);
}

async function reset(pool: Pool, { id }: Place): Promise<boolean> {
  const { client, open } = pool;
  const place = open.get(id);
  if (place === undefined) return false;
  // Whoever is still there would go on in the next test's database: it must not have the same login.
  const left = (await client.client('KILL', 'USER', id)) as number;
  if (left > 0) {
    await drop(pool, id);
    return false;
  }
  place.filledAtMs = await fill(pool, place.database);
  return true;
}

/** Its keys, those of database 0, which a client that selects no database is in, and what the server has once. */
async function verify({ reader, template, shared, open }: Pool, { id }: Place): Promise<readonly string[]> {
  const place = open.get(id);
  if (place === undefined) return [`${id}: it is not there`];
  const passedMs = async (sinceMs: number) => (await serverTimeMs(reader)) - sinceMs;
  const own = await readKeys(reader, place.database, place.filledAtMs);
  const different = differentKeys(template.keys, own, await passedMs(place.filledAtMs));
  const outside = await readKeys(reader, 0, template.takenAtMs);
  const differentOutside = differentKeys(template.keys, outside, await passedMs(template.takenAtMs));
  const now = await readShared(reader);
  return [
    ...named(different, 'key'),
    ...named(differentOutside, 'server: key of database 0:'),
    ...[...new Set([...shared.keys(), ...now.keys()])]
      .filter((part) => shared.get(part) !== now.get(part))
      .map((part) => `server: ${part}`),
  ];
}

function named(keys: readonly string[], what: string): readonly string[] {
  const more = keys.length - namedKeysMax;
  return [
    ...keys.slice(0, namedKeysMax).map((key) => `${what} ${key}`),
    ...(more > 0 ? [`${what} and ${more} more`] : []),
  ];
}

/** The login first: from then on nobody writes. */
export async function dropPlace(client: Redis, registry: Registry, id: string): Promise<void> {
  await client.acl('DELUSER', id);
  await release(client, registry, id);
}

function requireDatabases(running: RunningEngine): void {
  if (running.topology === 'clustered') {
    throw notSupported(
      'A Redis Cluster has one database, so that no test can have one of its own.',
      'Start Redis as standalone or replicated: npm run sandbox -- up --topology redis=standalone',
    );
  }
}

function noRoom({ engine }: RunningEngine): SandboxError {
  return notSupported(
    `All databases of ${engine} have keys or belong to a test.`,
    'Empty one that nobody uses, or let fewer tests run at once.',
  );
}

function notSupported(message: string, next: string): SandboxError {
  return new SandboxError({ code: 'NOT_SUPPORTED', engine: 'redis', message, next });
}

/** `maxmemory` with `allkeys-lru` makes room by removing keys of whichever database. */
function evicted(there: number, wanted: number): SandboxError {
  return new SandboxError({
    code: 'NO_MEMORY',
    engine: 'redis',
    message: `Redis has ${there} of the ${wanted} keys that tests' databases are made of: it is full, and has evicted the others.`,
    next: 'Let tests write less, or raise maxmemory; then load the data again, which DELETES what is there: npm run sandbox -- seed --reset',
  });
}
