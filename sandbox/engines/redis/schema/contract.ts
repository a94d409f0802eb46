import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { isRunning } from '../../../containers/nodes/nodes.ts';
import { deadlineMs } from '../../../core/deadlines.ts';
import { messageOf } from '../../../core/errors.ts';
import { withoutUndefined } from '../../../core/without-undefined.ts';
import type { ContractCase } from '../../contract/schema.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { scan } from '../data/load.ts';
import { expiredSpaces } from '../data/mark.ts';
import { connect, openClient } from '../server/connection.ts';
import { openMasters } from '../server/masters.ts';
import { cacheConversation, cacheKey, cacheKnowledgeGraph, cacheUser, type KeySpace, lifetimesS } from './cache.ts';
import { loadedLibrary } from './library.ts';
import { acquireLock, extendLock, releaseLock } from './lock.ts';

/** Directives whose value the server shows in another form than the file. */
const shownOtherwise = new Set(['save', 'maxmemory', 'auto-aof-rewrite-min-size', 'bind', 'logfile']);

export const contract: readonly ContractCase[] = [
  { name: 'the configuration is the one of redis.conf', run: configurationHolds },
  { name: 'a client without the password is refused', run: passwordIsNeeded },
  { name: 'every entry of the three key spaces expires within its lifetime', run: entriesExpire },
  { name: 'writing to the cache sets the lifetime of its key space', run: writersSetLifetimes },
  { name: 'the lock is taken once, and released and extended by its holder alone', run: lockExcludes },
  { name: 'writes go to an append-only file', run: writesAreLogged },
];

async function configurationHolds(running: RunningEngine): Promise<void> {
  const text = await readFile(join(import.meta.dirname, 'redis.conf'), 'utf8');
  const directives = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1).replaceAll('"', '')] as const);
  await using client = await openClient(firstNode(running), running.secrets);
  for (const [name, wanted] of directives) {
    if (shownOtherwise.has(name)) continue;
    // A cluster has one, whatever it is told (Redis documentation, "Cluster specification").
    if (name === 'databases' && running.topology === 'clustered') continue;
    const [, actual] = (await client.config('GET', name)) as string[];
    assert.equal(actual, wanted, name);
  }
  const limits = (await client.config('GET', 'maxmemory', 'auto-aof-rewrite-min-size', 'save')) as string[];
  assert.deepEqual(Object.fromEntries(pairs(limits)), {
    maxmemory: String(256 * 2 ** 20),
    'auto-aof-rewrite-min-size': String(64 * 2 ** 20),
    save: '900 1 300 10 60 10000',
  });
}

function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? ''] as [string, string]] : []));
}

async function passwordIsNeeded(running: RunningEngine): Promise<void> {
  const { host, port } = firstNode(running);
  for (const password of [undefined, 'wrong']) {
    const client = new Redis({
      host,
      port,
      ...withoutUndefined({ password }),
      lazyConnect: true,
      enableReadyCheck: false,
      retryStrategy: () => null,
    });
    const refusals: string[] = [];
    client.on('error', (error) => refusals.push(error.message));
    try {
      await client.connect();
      await client.ping();
    } catch (thrown) {
      refusals.push(messageOf(thrown));
    } finally {
      client.disconnect();
    }
    assert.match(refusals.join('; '), /NOAUTH|WRONGPASS/, `with ${password ?? 'no password'}`);
  }
}

async function entriesExpire(running: RunningEngine): Promise<void> {
  await using masters = await openMasters(running);
  for (const [space, lifetimeS] of Object.entries(lifetimesS)) {
    const found = await Promise.all(masters.clients.map((client) => entriesThatExpire(client, space, lifetimeS)));
    // Asked afterwards: what expired meanwhile has done what was promised.
    const isDue = (await expiredSpaces(masters)).includes(space as KeySpace);
    assert.ok(Math.max(...found) > 0 || isDue, `there is no key ${space}:*, and none was due to expire`);
  }
}

/** How many there are on one master. */
async function entriesThatExpire(client: Redis, space: string, lifetimeS: number): Promise<number> {
  let found = 0;
  for await (const keys of scan(client, `${space}:*`)) {
    const pipeline = client.pipeline();
    for (const key of keys) pipeline.ttl(key);
    const answers = (await pipeline.exec()) ?? [];
    for (const [index, [, ttl]] of answers.entries()) {
      // It expired since it was listed, or does so within the second.
      if (Number(ttl) === -2 || Number(ttl) === 0) continue;
      assert.ok(Number(ttl) > 0 && Number(ttl) <= lifetimeS, `${keys[index]} expires in ${ttl} s`);
      found += 1;
    }
  }
  return found;
}

async function writersSetLifetimes(running: RunningEngine): Promise<void> {
  await using connection = await connect(running);
  const { client } = connection;
  const id = randomUUID();
  const writers = { user: cacheUser, conversation: cacheConversation, knowledge_graph: cacheKnowledgeGraph };
  for (const [space, write] of Object.entries(writers)) {
    const key = cacheKey(space as KeySpace, id);
    await write(client, id, { id });
    const lifetimeMs = await client.pttl(key);
    await client.del(key);
    const wantedMs = lifetimesS[space as KeySpace] * 1_000;
    assert.ok(lifetimeMs > wantedMs - 5_000 && lifetimeMs <= wantedMs, `${key} lives for ${lifetimeMs} ms`);
  }
}

async function lockExcludes(running: RunningEngine): Promise<void> {
  await using masters = await openMasters(running);
  for (const master of masters.clients)
    assert.notEqual(await loadedLibrary(master), undefined, 'the function library is not loaded');
  await using connection = await connect(running);
  const { client } = connection;
  const name = randomUUID();
  const lock = await acquireLock(client, name, 60_000);
  assert.ok(lock !== undefined, 'a free lock could not be taken');
  assert.equal(await acquireLock(client, name, 60_000), undefined, 'a lock that is held was taken again');
  const stranger = { key: lock.key, token: randomUUID() };
  assert.equal(await releaseLock(client, stranger), false, 'a stranger released it');
  assert.equal(await extendLock(client, stranger, 90_000), false, 'a stranger extended it');
  assert.equal(await extendLock(client, lock, 90_000), true, 'its holder could not extend it');
  assert.ok((await client.pttl(lock.key)) > 60_000, 'it was not extended');
  assert.equal(await releaseLock(client, lock), true, 'its holder could not release it');
  assert.equal(await releaseLock(client, lock), false, 'it was released twice');
}

/** Of every node that is up; those that take writes must be. */
async function writesAreLogged(running: RunningEngine): Promise<void> {
  await using masters = await openMasters(running);
  assert.ok(masters.clients.length > 0);
  for (const node of running.nodes) {
    if (!(await isRunning(node))) continue;
    await using client = await openClient(node, running.secrets, { commandTimeoutMs: deadlineMs('statement') });
    const persistence = await client.info('persistence');
    assert.match(persistence, /^aof_enabled:1\r?$/m, node.name);
    assert.match(persistence, /^aof_last_write_status:ok\r?$/m, node.name);
  }
}
