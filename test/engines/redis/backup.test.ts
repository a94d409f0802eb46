import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { execInNode } from '../../../sandbox/containers/runtime/exec.ts';
import { deadlineMs } from '../../../sandbox/core/deadlines.ts';
import { poll } from '../../../sandbox/core/poll.ts';
import type { Fingerprint } from '../../../sandbox/engines/contract/data.ts';
import type { Engine } from '../../../sandbox/engines/contract/engine.ts';
import { firstNode, type RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { redis } from '../../../sandbox/engines/redis/engine.ts';
import { connect, openClient } from '../../../sandbox/engines/redis/server/connection.ts';
import { differenceOf } from '../../../sandbox/engines/shared/backup/fingerprint-difference.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { fewRows } from '../../support/few-rows.ts';
import { wholeEngine } from '../../support/whole-engines.ts';
import { testBackup } from '../support/backup-suite.ts';
import { backupOf, refusalOf, type StoredBackup, takeBackup, withBelievedPart } from '../support/backups.ts';

const engine = redis as Engine;
const backup = backupOf(engine);
const accounts = 40;
const total = accounts * 100;

let sourceStack: Stack<'redis'>;
let targetStack: Stack<'redis'>;
let source: RunningEngine;
let target: RunningEngine;
let client: Redis & AsyncDisposable;
let taken: StoredBackup;
let before: Fingerprint;

const emptyStack = () => createStack({ engines: ['redis'], size: 'none', schema: false, connect: false });

beforeAll(async () => {
  [sourceStack, targetStack] = await Promise.all([
    createStack({ engines: ['redis'], size: fewRows, connect: false }),
    emptyStack(),
  ]);
  source = sourceStack.engines.redis;
  target = targetStack.engines.redis;
  client = await openClient(firstNode(source), source.secrets);
  await client.acl('SETUSER', 'reader', 'on', '>reader-password', '~user:*', '(+set ~lock:*)', '+@read');
  await client.set('kept', 'for ever');
  await client.hset('hash', { field: 'value' });
  await client.select(3);
  await client.set('elsewhere', '3');
  await client.select(0);
  taken = await takeBackup(engine, source);
  before = await redis.data.fingerprint(source);
});
afterAll(async () => {
  client?.disconnect();
  await taken?.[Symbol.asyncDispose]();
  await Promise.all([sourceStack?.dispose(), targetStack?.dispose()]);
});

testBackup({
  engine: await wholeEngine('redis'),
  backedUp: () => ({ source, target, taken }),
  parts: ['dump.rdb'],
  foreign: () => [{ engine: 'neo4j' }, { origin: 'compatible' }],
  wrongSecrets: { default: 'wrong' },
  folder: { path: '/data', owner: '999:999' },
  requireEmpty,
});

describe('what Redis alone refuses', () => {
  afterEach(requireEmpty);

  test('users that the server does not understand', async () => {
    await using bad = await withBelievedPart(taken, 'users.acl', () => Buffer.from('{"users": 1}\n'));
    expect(await refusalOf(engine, target, bad)).toBe('BACKUP_PART_UNREADABLE');
  });

  test('a dump of a later format version', async () => {
    // "REDIS0012" begins the file.
    await using later = await withBelievedPart(taken, 'dump.rdb', (bytes) =>
      Buffer.concat([Buffer.from('REDIS0999'), bytes.subarray(9)]),
    );
    expect(await refusalOf(engine, target, later)).toBe('BACKUP_VERSION_FOREIGN');
  });
});

async function requireEmpty(): Promise<void> {
  await using there = await openClient(firstNode(target), target.secrets);
  expect([await there.dbsize(), await there.function('LIST'), await there.acl('USERS')]).toEqual([0, [], ['default']]);
  const { output } = await execInNode(firstNode(target), ['ls', '/data']);
  expect(output.trim().split('\n')).toEqual(['appendonlydir', 'users.acl']);
}

test('the commands of the specification are caught: the restore overwrites the backup and restores nothing', async () => {
  await using otherStack = await emptyStack();
  const other = otherStack.engines.redis;
  await backup.asSpecified?.run(source, other);
  const { different } = differenceOf(before, await redis.data.fingerprint(other));
  expect(different).toContain('keys user');
  const { output } = await execInNode(firstNode(other), ['sh', '-c', 'wc -c </tmp/redis-backup.rdb']);
  expect(Number(output)).toBeLessThan((await stat(join(taken.directory, 'dump.rdb'))).size / 10);
});

test('writes during the backup: a total that never changes, and a beginning of what was written', async () => {
  await client.mset(Object.fromEntries(Array.from({ length: accounts }, (_, index) => [`account:${index}`, 100])));
  const writing = new AbortController();
  const writers = Promise.all([transfer(writing.signal), append(writing.signal)]);
  await poll(async () => (await client.llen('appended')) > 50, {
    timeoutMs: deadlineMs('statement'),
    onTimeout: () => new Error('nothing is written'),
  });
  const acknowledged = await client.llen('appended');
  await using during = await takeBackup(engine, source);
  writing.abort();
  await writers;
  await using filledStack = await emptyStack();
  const filled = filledStack.engines.redis;
  await backup.restore(filled, during.directory, during.manifest);
  await using there = await openClient(firstNode(filled), filled.secrets);
  const balances = await there.mget(Array.from({ length: accounts }, (_, index) => `account:${index}`));
  expect(balances.reduce((sum, balance) => sum + Number(balance), 0)).toBe(total);
  const appended = await there.lrange('appended', 0, -1);
  expect(appended).toEqual(appended.map((_, index) => String(index)));
  expect(appended.length).toBeGreaterThanOrEqual(acknowledged);
  await client.del('appended', ...Array.from({ length: accounts }, (_, index) => `account:${index}`));
});

async function transfer(signal: AbortSignal): Promise<void> {
  await using writer = await openClient(firstNode(source), source.secrets);
  for (let round = 0; !signal.aborted; round += 1) {
    const [from, to] = [round % accounts, (round * 7 + 3) % accounts];
    await writer.multi().decrby(`account:${from}`, 5).incrby(`account:${to}`, 5).exec();
  }
}

async function append(signal: AbortSignal): Promise<void> {
  await using writer = await openClient(firstNode(source), source.secrets);
  for (let value = 0; !signal.aborted; value += 1) await writer.rpush('appended', value);
}

/** A backup with a key that expires soon, and what the source held with it: one that was slow has a key that lives longer. */
async function takenWithShortLock(): Promise<{ readonly fresh: StoredBackup; readonly then: Fingerprint }> {
  for (let lifetimeMs = 5_000; lifetimeMs < deadlineMs('suiteCase'); lifetimeMs *= 3) {
    await client.set('lock:short', 'expires', 'PX', lifetimeMs);
    const fresh = await takeBackup(engine, source);
    const then = await redis.data.fingerprint(source);
    if ((await client.exists('lock:short')) === 1) return { fresh, then };
    await fresh[Symbol.asyncDispose]();
  }
  throw new Error('no backup is made before the key expires');
}

test('a round trip: the same keys, expiries, functions and users, and the password of the target; what expired is said apart', async () => {
  const { fresh, then } = await takenWithShortLock();
  await using _ = fresh;
  await using filledStack = await emptyStack();
  const filled = filledStack.engines.redis;
  await poll(async () => (await client.exists('lock:short')) === 0, {
    timeoutMs: deadlineMs('statement'),
    onTimeout: () => new Error('the key does not expire'),
  });
  await backup.restore(filled, fresh.directory, fresh.manifest);
  expect(differenceOf(then, await redis.data.fingerprint(filled))).toEqual({
    different: [],
    expired: ['expiries', 'keys lock'],
  });
  expect(differenceOf(before, await redis.data.fingerprint(filled))).toEqual({ different: [], expired: [] });
  await backup.writeAfterwards(filled);
  expect((await readFile(join(fresh.directory, 'users.acl'), 'utf8')).startsWith('user reader ')).toBe(true);

  // The restored node takes its own password, and its restored data outlives another start.
  await using connection = await connect(filled);
  await connection.client.set('kept', 'for ever');
  await execInNode(firstNode(filled), ['ls', '/data/restored']).then(({ exitCode }) => expect(exitCode).not.toBe(0));
  expect(await connection.client.function('LIST')).toHaveLength(1);
});
