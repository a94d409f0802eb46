import type { QdrantClient } from '@qdrant/js-client-rest';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { execInNode } from '../../../sandbox/containers/runtime/exec.ts';
import { deadlineMs } from '../../../sandbox/core/deadlines.ts';
import { poll } from '../../../sandbox/core/poll.ts';
import type { Fingerprint } from '../../../sandbox/engines/contract/data.ts';
import type { Engine } from '../../../sandbox/engines/contract/engine.ts';
import { firstNode, type RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { partsOf } from '../../../sandbox/engines/qdrant/backup/fingerprint.ts';
import { markOf } from '../../../sandbox/engines/qdrant/backup/names.ts';
import { qdrant } from '../../../sandbox/engines/qdrant/engine.ts';
import { openClient } from '../../../sandbox/engines/qdrant/server/connection.ts';
import { differenceOf } from '../../../sandbox/engines/shared/backup/fingerprint-difference.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { fewRows } from '../../support/few-rows.ts';
import { wholeEngine } from '../../support/whole-engines.ts';
import { supported } from '../support/backup-folder.ts';
import { testBackup } from '../support/backup-suite.ts';
import { backupOf, refusalOf, type StoredBackup, takeBackup, withBelievedPart } from '../support/backups.ts';

const engine = qdrant as Engine;
const backup = backupOf(engine);
const collections = ['knowledge_vectors', 'user_vectors'] as const;

let sourceStack: Stack<'qdrant'>;
let targetStack: Stack<'qdrant'>;
let source: RunningEngine;
let target: RunningEngine;
let client: QdrantClient;
let there: QdrantClient;
let taken: StoredBackup;
let before: Fingerprint;

beforeAll(async () => {
  [sourceStack, targetStack] = await Promise.all([
    createStack({ engines: ['qdrant'], size: fewRows, connect: false }),
    createStack({ engines: ['qdrant'], size: 'none', schema: false, connect: false }),
  ]);
  source = sourceStack.engines.qdrant;
  target = targetStack.engines.qdrant;
  client = openClient(source);
  there = openClient(target);
  const alias = { alias_name: 'people', collection_name: 'user_vectors' };
  await client.updateCollectionAliases({ actions: [{ create_alias: alias }] });
  const field_schema = { type: 'integer', lookup: true, range: false } as const;
  await client.createPayloadIndex('user_vectors', { field_name: 'age', field_schema, wait: true });
  taken = await takeBackup(engine, source);
  before = await qdrant.data.fingerprint(source);
});
afterAll(async () => {
  await taken?.[Symbol.asyncDispose]();
  await Promise.all([sourceStack?.dispose(), targetStack?.dispose()]);
});

async function empty(): Promise<void> {
  const found = await there.getCollections();
  for (const { name } of found.collections) await there.deleteCollection(name);
}

testBackup({
  engine: await wholeEngine('qdrant'),
  backedUp: () => ({ source, target, taken }),
  parts: ['user_vectors.snapshot'],
  foreign: ({ serverVersion }) => {
    const [major, minor, patch] = serverVersion.split('.').map(Number) as [number, number, number];
    return [
      { engine: 'redis' },
      { origin: 'official' },
      { serverVersion: `${major}.${minor + 1}.0` },
      { serverVersion: `${major}.${minor}.${patch + 1}` },
    ];
  },
  wrongSecrets: { apiKey: 'wrong' },
  folder: { path: '/qdrant/storage' },
  requireEmpty,
});

async function requireEmpty(): Promise<void> {
  expect((await there.getCollections()).collections).toEqual([]);
}

describe('what Qdrant alone refuses', () => {
  afterEach(requireEmpty);

  test('an archive of something else, and aliases that are none', async () => {
    // A tar of nothing: two blocks of zeroes.
    await using other = await withBelievedPart(taken, 'user_vectors.snapshot', () => Buffer.alloc(1_024));
    expect(await refusalOf(engine, target, other)).toBe('BACKUP_PART_UNREADABLE');
    await using aliases = await withBelievedPart(taken, 'aliases.json', () => Buffer.from('{"result": {}}'));
    expect(await refusalOf(engine, target, aliases)).toBe('BACKUP_PART_UNREADABLE');
  });
});

test('the commands of the specification are caught: nothing is restored', async () => {
  await backup.asSpecified?.run(source, target);
  const { different } = differenceOf(before, await qdrant.data.fingerprint(target));
  expect(different).toContain('knowledge_vectors points');
  for (const name of collections) {
    for (const snapshot of await client.listSnapshots(name)) await client.deleteSnapshot(name, snapshot.name);
  }
  await empty();
});

test('a list that leads elsewhere, names that are none, and marks of restores in an archive', async () => {
  const list = (change: (collections: object[]) => unknown) => (bytes: Buffer) =>
    Buffer.from(JSON.stringify(change(JSON.parse(bytes.toString()) as object[])));
  const one = (change: object) => list(([first, ...others]) => [{ ...first, ...change }, ...others]);
  const lists = [
    one({ file: '../../../etc/passwd' }),
    one({ file: 'aliases.json' }),
    one({ name: 'user_vectors' }),
    ...['..', '.', '', 'a/b', 'x'.repeat(256), '\0', '\ud800', 7, null].map((name) => one({ name })),
    one({ shards: [{ id: -1, file: 'user_vectors.snapshot' }] }),
    one({ shards: 'all' }),
    list((collections) => collections.slice(1)),
    list(() => ({ constructor: 1 })),
    () => Buffer.from('[null]'),
    () => Buffer.from('no list'),
  ];
  for (const change of lists) {
    await using bad = await withBelievedPart(taken, 'collections.json', change);
    expect(await refusalOf(engine, target, bad)).toBe('BACKUP_PART_UNREADABLE');
  }
  const aliases = [
    [{ alias_name: markOf('user_vectors'), collection_name: 'user_vectors' }],
    [{ alias_name: 'people', collection_name: 'nobody_made_it' }],
    [null],
  ];
  for (const alias of aliases) {
    await using bad = await withBelievedPart(taken, 'aliases.json', () => Buffer.from(JSON.stringify(alias)));
    expect(await refusalOf(engine, target, bad)).toBe('BACKUP_PART_UNREADABLE');
  }
});

test('writes during the backup: each collection has a beginning of what was written to it', async () => {
  for (const name of ['set_a', 'set_b']) await client.createCollection(name, { vectors: { size: 2, distance: 'Dot' } });
  const stop = new AbortController();
  const writers = Promise.all([append('set_a', stop.signal), append('set_b', stop.signal)]);
  const count = async (name: string) => (await client.count(name, { exact: true })).count;
  await poll(async () => (await count('set_a')) > 50 && (await count('set_b')) > 50, {
    timeoutMs: deadlineMs('statement'),
    onTimeout: () => new Error('nothing is written'),
  });
  const acknowledged = { set_a: await count('set_a'), set_b: await count('set_b') };
  await using during = await takeBackup(engine, source);
  stop.abort();
  await writers;
  expect(during.manifest.consistentPoint).toMatchObject({ no: expect.stringContaining('own') });
  await backup.restore(target, during.directory, during.manifest);
  for (const [name, least] of Object.entries(acknowledged)) {
    const { points } = await there.scroll(name, { limit: 100_000, with_payload: false });
    const ids = points.map(({ id }) => Number(id)).toSorted((left, right) => left - right);
    expect(ids).toEqual(ids.map((_, index) => index));
    expect(ids.length).toBeGreaterThanOrEqual(least);
  }
  await empty();
  for (const name of ['set_a', 'set_b']) await client.deleteCollection(name);
});

async function append(name: string, signal: AbortSignal): Promise<void> {
  for (let id = 0; !signal.aborted; id += 1) {
    await client.upsert(name, { wait: true, points: [{ id, vector: [id, 1], payload: {} }] });
  }
}

test('a round trip: the same points, payload indexes, metadata and aliases', async () => {
  await backup.restore(target, taken.directory, taken.manifest);
  expect(differenceOf(before, await qdrant.data.fingerprint(target))).toEqual({ different: [], expired: [] });
  await backup.writeAfterwards(target);
  expect((await there.count('people', { exact: true })).count).toBeGreaterThan(0);
  expect(await qdrant.data.loadedFingerprint(target)).toBe(await sourceStack.dataset?.fingerprint());
  await empty();
});

test('no snapshot stays behind on the server', async () => {
  for (const name of collections) expect(await client.listSnapshots(name)).toEqual([]);
  const { output } = await execInNode(firstNode(source), ['find', '/qdrant/snapshots', '-type', 'f']);
  expect(output).toBe('');
});

test('a restore beside the live data replaces an earlier one, and touches nothing else', async () => {
  const beside = supported(backup.restoreBeside);
  await beside(source, taken.directory, taken.manifest);
  const left = { field_name: 'left', field_schema: 'keyword', wait: true } as const;
  await client.createPayloadIndex('user_vectors_restore', left);
  const names = await beside(source, taken.directory, taken.manifest);
  expect(names).toEqual(collections.map((name) => `${name}_restore`));
  const live = await qdrant.data.fingerprint(source);
  expect(differenceOf(before, live)).toEqual({ different: [], expired: [] });
  for (const name of collections) {
    const { collection, points } = await partsOf(client, `${name}_restore`);
    expect([collection, points]).toEqual([live.parts[`${name} collection`], live.parts[`${name} points`]]);
  }
  for (const name of names) await client.deleteCollection(name);
});
