import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { killNode } from '../../../sandbox/containers/nodes/nodes.ts';
import type { Fingerprint } from '../../../sandbox/engines/contract/data.ts';
import type { Engine } from '../../../sandbox/engines/contract/engine.ts';
import { firstNode, type RunningEngine, type TopologyName } from '../../../sandbox/engines/contract/topology.ts';
import { leaveTwoMasters } from '../../../sandbox/engines/redis/backup/fewer-masters.ts';
import { redis } from '../../../sandbox/engines/redis/engine.ts';
import { loadedLibrary } from '../../../sandbox/engines/redis/schema/library.ts';
import { connect, openClient } from '../../../sandbox/engines/redis/server/connection.ts';
import { mastersOf, openMasters, primaryNode } from '../../../sandbox/engines/redis/server/masters.ts';
import { differenceOf } from '../../../sandbox/engines/shared/backup/fingerprint-difference.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { eventually } from '../../topologies/support/write-through.ts';
import { backupOf, refusalOf, type StoredBackup, takeBackup, withBelievedPart } from '../support/backups.ts';

const engine = redis as Engine;
const backup = backupOf(engine);

let sourceStack: Stack<'redis'>;
let source: RunningEngine;
let taken: StoredBackup;
let before: Fingerprint;

/** Keys of every kind, on all masters; bytes that are no UTF-8 and braces among their names. */
async function fill(running: RunningEngine): Promise<void> {
  // An ordinary client: where its own idea of a key's slot is wrong, as with `{}b{c}`, it is told the right one.
  await using connection = await connect(running);
  const { client: keys } = connection;
  await Promise.all(Array.from({ length: 200 }, (_, index) => keys.set(`made:${index}`, `value ${index}`)));
  await keys.set('{tag}a', '1', 'PXAT', Date.now() + 3_600_000);
  await keys.hset('{}b{c}', { field: 'value' });
  await keys.set(Buffer.from([0xff, 0x20, 0x0a, 0xc3]), Buffer.from([0, 0xff]));
  await keys.rpush('list', 'a', 'b');
  await keys.zadd('sorted', 1, 'one', 2, 'two');
  await keys.xadd('stream', '*', 'field', 'value');
  await keys.xgroup('CREATE', 'stream', 'group', '0');
  await keys.xreadgroup('GROUP', 'group', 'reader', 'COUNT', 1, 'STREAMS', 'stream', '>');
  for (const node of running.nodes) {
    await using client = await openClient(node, running.secrets);
    await client.acl('SETUSER', 'reader', 'on', '>reader-password', "~it's*", '+@read');
  }
}

beforeAll(async () => {
  sourceStack = await createStack({
    engines: ['redis'],
    topologies: { redis: 'clustered' },
    size: 'small',
    connect: false,
  });
  source = sourceStack.engines.redis;
  await fill(source);
  taken = await takeBackup(engine, source);
  before = await redis.data.fingerprint(source);
});
afterAll(async () => {
  await taken?.[Symbol.asyncDispose]();
  await sourceStack?.dispose();
});

async function fresh(topology: TopologyName): Promise<Stack<'redis'>> {
  return createStack({
    engines: ['redis'],
    topologies: { redis: topology },
    size: 'none',
    schema: false,
    connect: false,
  });
}

/** A cluster has one database, whatever its file says: the settings of two layouts are not the same. */
function partsThatDiffer(then: Fingerprint, now: Fingerprint): readonly string[] {
  const { different, expired } = differenceOf(then, now);
  expect(expired).toEqual([]);
  return different.filter((part) => part !== 'configuration');
}

/** As a fresh cluster is. */
async function empty(running: RunningEngine): Promise<void> {
  await using masters = await openMasters(running);
  await Promise.all(masters.clients.map((client) => Promise.all([client.flushall(), client.function('FLUSH')])));
  for (const node of running.nodes) {
    await using client = await openClient(node, running.secrets);
    await client.acl('DELUSER', 'reader');
  }
}

describe('a backup of a cluster', () => {
  test('has the dump of each master with its slots, the users, and how far apart the dumps are', async () => {
    const paths = taken.manifest.parts.map(({ path }) => path).toSorted();
    expect(paths).toEqual(['dump-1.rdb', 'dump-2.rdb', 'dump-3.rdb', 'slots.json', 'users.acl']);
    expect(JSON.parse(await readFile(join(taken.directory, 'slots.json'), 'utf8'))).toEqual({
      'dump-1.rdb': [[0, 5461]],
      'dump-2.rdb': [[5462, 10922]],
      'dump-3.rdb': [[10923, 16383]],
    });
    expect(taken.manifest.consistentPoint).toEqual({
      no: expect.stringMatching(/^each of the 3 masters has its own, all within \d+ ms$/),
    });
    expect(taken.manifest.position).toMatch(
      /^redis-1 replication offset \d+, redis-2 .*, redis-3 replication offset \d+$/,
    );
  });

  test('says what of single nodes is not in it', async () => {
    expect(await backup.leftOut(source)).toEqual([]);
    const [, second, , , replica] = source.nodes;
    if (second === undefined || replica === undefined) throw new Error('no node');
    await using onMaster = await openClient(second, source.secrets);
    await using onReplica = await openClient(replica, source.secrets);
    const code = (await loadedLibrary(onMaster)) ?? '';
    await onMaster.function('LOAD', 'REPLACE', code.replace('return 0', 'return 1'));
    await onReplica.acl('SETUSER', 'alone', 'on', '+get');
    expect((await backup.leftOut(source)).map(({ what }) => what)).toEqual([
      'user "alone" of redis-5',
      'function library "taishang" of redis-2',
    ]);
    await onMaster.function('LOAD', 'REPLACE', code);
    await onReplica.acl('DELUSER', 'alone');
  });

  test('is refused where it is not what it says, and goes into a cluster of the same masters', async () => {
    await using stack = await fresh('clustered');
    const target = stack.engines.redis;
    const swapped = { 'dump-2.rdb': [[0, 5461]], 'dump-1.rdb': [[5462, 10922]], 'dump-3.rdb': [[10923, 16383]] };
    const hostile = [
      JSON.stringify(swapped),
      '{"dump-1.rdb": [[0, 5461]], "dump-2.rdb": [[5462, 10922]]}',
      '{"../../dump.rdb": [[0, 16383]], "dump-2.rdb": [[0, 1]], "dump-3.rdb": [[0, 1]]}',
      '{"dump-1.rdb": [[0, 99999]], "dump-2.rdb": [[5462, 10922]], "dump-3.rdb": [[10923, 16383]]}',
      '[]',
      'no JSON',
    ];
    for (const text of hostile) {
      await using bad = await withBelievedPart(taken, 'slots.json', () => Buffer.from(text));
      expect(await refusalOf(engine, target, bad), text).toBe('BACKUP_PART_UNREADABLE');
    }
    await using masters = await openMasters(target);
    expect(await Promise.all(masters.clients.map((client) => client.dbsize()))).toEqual([0, 0, 0]);

    await backup.restore(target, taken.directory, taken.manifest);
    expect(partsThatDiffer(before, await redis.data.fingerprint(target))).toEqual([]);
    await backup.writeAfterwards(target);
    await everyNodeFollows(target);
    expect(await refusalOf(engine, target, taken)).toBe('RESTORE_TARGET_NOT_EMPTY');
  });

  test('goes into a single server and into two masters, and so does the backup of that server', async () => {
    await using single = await fresh('standalone');
    const server = single.engines.redis;
    await backup.restore(server, taken.directory, taken.manifest);
    expect(partsThatDiffer(before, await redis.data.fingerprint(server))).toEqual([]);
    await backup.writeAfterwards(server);
    await using ofSingle = await takeBackup(engine, server);

    await using stack = await fresh('clustered');
    const target = stack.engines.redis;
    await leaveTwoMasters(target);
    for (const each of [taken, ofSingle]) {
      await backup.restore(target, each.directory, each.manifest);
      expect(await mastersOf(target)).toHaveLength(2);
      expect(partsThatDiffer(before, await redis.data.fingerprint(target))).toEqual([]);
      await backup.writeAfterwards(target);
      await empty(target);
    }
    await using client = await openClient(firstNode(server), server.secrets);
    await client.select(3);
    await client.set('elsewhere', '3');
    await using withDatabases = await takeBackup(engine, server);
    expect(await refusalOf(engine, target, withDatabases)).toBe('NOT_SUPPORTED');
  });

  test('goes under Sentinel, whose replicas follow, and whose backup is taken from the primary of now', async () => {
    await using stack = await fresh('replicated');
    const target = stack.engines.redis;
    await backup.restore(target, taken.directory, taken.manifest);
    expect(partsThatDiffer(before, await redis.data.fingerprint(target))).toEqual([]);
    await backup.writeAfterwards(target);
    await everyNodeFollows(target);
    expect(await backup.leftOut(target)).toEqual([]);
    await killNode(firstNode(target));
    await eventually('another primary takes writes', async () => (await primaryNode(target)) !== firstNode(target));
    await using ofReplicated = await takeBackup(engine, target);
    expect(ofReplicated.manifest).toMatchObject({ consistentPoint: true, method: expect.stringContaining('RDB over') });
    expect(await backup.leftOut(target)).toEqual([]);
    const size = (await stat(join(ofReplicated.directory, 'dump.rdb'))).size;
    expect(size).toBeGreaterThan(100_000);
  });
});

/** Replicas hold what their masters do, and every node has the users. */
async function everyNodeFollows(target: RunningEngine): Promise<void> {
  for (const node of target.nodes) {
    await using client = await openClient(node, target.secrets);
    expect((await client.acl('USERS')) as string[], node.name).toContain('reader');
    expect(await client.dbsize(), node.name).toBeGreaterThan(100);
  }
}
