import fc from 'fast-check';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Engine } from '../../../sandbox/engines/contract/engine.ts';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { databaseNames, readCatalogue } from '../../../sandbox/engines/mongodb/backup/catalogue.ts';
import { documentOf, elementsOf } from '../../../sandbox/engines/mongodb/backup/export/bson-bytes.ts';
import { insertRaw } from '../../../sandbox/engines/mongodb/data/raw-insert.ts';
import { mongodb } from '../../../sandbox/engines/mongodb/engine.ts';
import { uri } from '../../../sandbox/engines/mongodb/server/connection.ts';
import { differenceOf } from '../../../sandbox/engines/shared/backup/fingerprint-difference.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { seed, seedText } from '../../support/seed.ts';
import { backupFolder, supported } from '../support/backup-folder.ts';
import { backupOf, partsWith, takeBackup } from '../support/backups.ts';
import {
  bsonDocuments,
  collectionNames as collectionNameOf,
  databaseNames as databaseNameOf,
  element,
  int32,
  text,
} from '../support/bson-documents.ts';

const engine = mongodb as Engine;
const backup = backupOf(engine);
const beside = supported(backup.restoreBeside);

let stacks: readonly Stack<'mongodb'>[];
let source: RunningEngine;
let target: RunningEngine;
let client: MongoClient;
let there: MongoClient;

beforeAll(async () => {
  const empty = { engines: ['mongodb'], size: 'none', schema: false, connect: false } as const;
  stacks = await Promise.all([createStack(empty), createStack(empty)]);
  [source, target] = stacks.map(({ engines }) => engines.mongodb) as [RunningEngine, RunningEngine];
  [client, there] = (await Promise.all([source, target].map((running) => new MongoClient(uri(running)).connect()))) as [
    MongoClient,
    MongoClient,
  ];
});
afterAll(async () => {
  await Promise.all([client?.close(), there?.close()]);
  await Promise.all((stacks ?? []).map((stack) => stack.dispose()));
});

beforeEach(async () => {
  await Promise.all([client, there].map(empty));
});

/** Drops what people made, users and roles too. */
async function empty(of: MongoClient): Promise<void> {
  for (const name of await databaseNames(of)) {
    if (['admin', 'config', 'local'].includes(name)) {
      for (const { name: own } of await of.db(name).listCollections({ name: 'mine' }).toArray())
        await of.db(name).dropCollection(own);
      continue;
    }
    await of.db(name).command({ dropAllUsersFromDatabase: 1 });
    await of.db(name).command({ dropAllRolesFromDatabase: 1 });
    await of.db(name).dropDatabase();
  }
}

async function storedIn(of: MongoClient, database: string, collection: string): Promise<readonly string[]> {
  const found = await of.db(database).collection(collection).find({}, { raw: true }).toArray();
  return found.map((bytes) => Buffer.from(bytes as unknown as Uint8Array).toString('hex'));
}

/** Backs the source up and restores into the empty target. */
async function throughABackup(): Promise<void> {
  await using taken = await takeBackup(engine, source);
  await backup.restore(target, taken.directory, taken.manifest);
}

const keysIn = (...names: string[]) => documentOf(names.map((name) => element(0x10, name, int32(1))));

test('fields, keys of indexes, validators and views keep their order where a name looks like a number', async () => {
  const database = client.db('orders');
  const names = ['zz', '2026', '1999'];
  const ordered = (value: unknown) => new Map(names.map((name) => [name, value]));
  await database.createCollection('things', { validator: ordered({ $gt: 0 }) as never });
  const partial = { name: 'by year', partialFilterExpression: ordered({ $gt: 0 }) as never };
  await database.collection('things').createIndex(ordered(1) as never, partial);
  await database.createCollection('seen', { viewOn: 'things', pipeline: [{ $project: ordered(1) as never }] });
  await insertRaw(database, 'things', [documentOf([element(0x10, '_id', int32(1)), ...elementsOf(keysIn(...names))])]);
  const before = await readCatalogue(database);
  const [seen, things] = before;
  for (const bytes of [seen?.options, things?.options, things?.indexes[0]]) {
    expect(bytes?.toString('latin1')).toMatch(/zz.*2026.*1999/s);
  }
  const fingerprint = await mongodb.data.fingerprint(source);

  await throughABackup();
  expect(await readCatalogue(there.db('orders'))).toEqual(before);
  expect(await storedIn(there, 'orders', 'things')).toEqual(await storedIn(client, 'orders', 'things'));
  expect(differenceOf(fingerprint, await mongodb.data.fingerprint(target)).different).toEqual([]);

  // The control: another order is other data.
  await there.db('orders').collection('things').dropIndex('by year');
  const turned = new Map([...ordered(1)].toReversed());
  await there
    .db('orders')
    .collection('things')
    .createIndex(turned as never, partial);
  const { different } = differenceOf(fingerprint, await mongodb.data.fingerprint(target));
  expect(different).toEqual(['orders.things collection']);
});

test(`documents of every type come back byte for byte, under names of every script (${seedText})`, async () => {
  const worlds = fc.uniqueArray(fc.tuple(databaseNameOf, collectionNameOf, bsonDocuments), {
    minLength: 1,
    maxLength: 5,
    selector: ([database, collection]) => `${database}.${collection}`.toLowerCase(),
  });
  await fc.assert(
    fc.asyncProperty(worlds, async (given) => {
      await Promise.all([client, there].map(empty));
      // Names of databases that differ in capitals alone are one name.
      const taken = new Map(given.map(([database]) => [database.toLowerCase(), database]));
      const world = given.filter(([database]) => taken.get(database.toLowerCase()) === database);
      for (const [database, collection, documents] of world) {
        await client.db(database).createCollection(collection);
        await insertRaw(client.db(database), collection, documents);
        // What was sent is what is stored: else the rest would prove nothing.
        const sent = documents.map((bytes) => bytes.toString('hex'));
        expect(await storedIn(client, database, collection)).toEqual(sent);
      }
      const before = await mongodb.data.fingerprint(source);
      await using backedUp = await takeBackup(engine, source);
      for (const { path } of backedUp.manifest.parts) expect(path.length).toBeLessThan(20);
      await backup.restore(target, backedUp.directory, backedUp.manifest);
      const names = await beside(source, backedUp.directory, backedUp.manifest);
      expect(names).toHaveLength(new Set(world.map(([database]) => database)).size);
      for (const [database, collection] of world) {
        expect(await storedIn(there, database, collection)).toEqual(await storedIn(client, database, collection));
      }
      expect(differenceOf(before, await mongodb.data.fingerprint(target)).different).toEqual([]);
      expect(await mongodb.data.fingerprint(source)).toEqual(before);
    }),
    { seed, numRuns: 4, endOnFailure: true },
  );
});

test('types that are out of use, code with its scope, two fields of one name: what is stored comes back', async () => {
  const scope = documentOf([element(0x10, '2026', int32(1))]);
  const code = text(Buffer.from('f'));
  const withScope = Buffer.concat([int32(4 + code.length + scope.length), code, scope]);
  const odd = documentOf([
    element(0x10, '_id', int32(1)),
    element(0x06, 'undefined', Buffer.alloc(0)),
    element(0x0e, 'symbol', text(Buffer.from('s'))),
    element(0x0c, 'pointer', Buffer.concat([text(Buffer.from('a.b')), Buffer.alloc(12, 7)])),
    element(0x0f, 'scope', withScope),
    element(0x10, 'twice', int32(1)),
    element(0x10, 'twice', int32(2)),
  ]);
  await insertRaw(client.db('odd'), 'types', [odd]);
  const stored = await storedIn(client, 'odd', 'types');
  await throughABackup();
  expect(await storedIn(there, 'odd', 'types')).toEqual(stored);
});

test('a document as large as one may be, many of them, and one of 100 levels', async () => {
  const mostBytes = 16 * 2 ** 20;
  const largest = (id: number) =>
    documentOf([element(0x10, '_id', int32(id)), element(0x02, 's', text(Buffer.alloc(mostBytes - 30, 65)))]);
  expect(largest(1).length).toBeLessThanOrEqual(mostBytes);
  let deep = documentOf([]);
  for (let level = 0; level < 99; level += 1) deep = documentOf([element(0x03, '7', deep)]);
  for (const id of [1, 2, 3]) await insertRaw(client.db('large'), 'documents', [largest(id)]);
  await insertRaw(client.db('large'), 'documents', [
    documentOf([element(0x10, '_id', int32(4)), element(3, 'a', deep)]),
  ]);
  const before = await mongodb.data.fingerprint(source);
  await throughABackup();
  expect(differenceOf(before, await mongodb.data.fingerprint(target)).different).toEqual([]);
});

test('capped collections, functions, files, collections in admin, roles that inherit: all of it is restored', async () => {
  const database = client.db('kinds');
  await database.createCollection('last', { capped: true, size: 4_096, max: 3 });
  for (const id of [5, 4, 3, 2, 1]) await database.collection('last').insertOne({ _id: id as never });
  await database.collection('system.js').insertOne({ _id: 'twice' as never, value: 'function (x) { return 2 * x; }' });
  await database.collection('fs.files').insertOne({ filename: 'a.txt' });
  await database.createCollection('measured', { timeseries: { timeField: 'at', metaField: 'of' } });
  await database.collection('measured').insertOne({ at: new Date(0), of: 'a', value: 1 });
  await client.db('admin').collection('mine').insertOne({ kept: true });
  // In the order in which they are listed `a` comes first, and needs `b`.
  await database.command({ createRole: 'b', privileges: [], roles: ['read'] });
  await database.command({ createRole: 'a', privileges: [], roles: ['b'] });
  await database.command({ createUser: 'reader', pwd: 'secret', roles: ['a'] });
  const before = await mongodb.data.fingerprint(source);
  expect(Object.keys(before.parts)).toContain('admin.mine documents');

  await throughABackup();
  expect(differenceOf(before, await mongodb.data.fingerprint(target)).different).toEqual([]);
  const kept = await there.db('kinds').collection('last').find().toArray();
  expect(kept.map(({ _id }) => Number(_id))).toEqual([3, 2, 1]);
});

test('what no backup holds is named', async () => {
  expect(await backup.leftOut(source)).toEqual([]);
  await client.db('local').collection('mine').insertOne({});
  await client.db('config').collection('mine').insertOne({});
  await client.db('people').command({ createUser: 'ada "x"', pwd: 'secret', roles: [] });
  await client.db('people').command({ profile: 2 });
  await client.db('people').collection('any').insertOne({});
  await client.db('people').command({ profile: 0 });
  expect((await backup.leftOut(source)).map(({ what }) => what)).toEqual([
    'collection "local.mine"',
    'collection "config.mine"',
    'collection "people.system.profile"',
    'password of user "people.ada \\"x\\""',
  ]);
});

describe('beside the live data', () => {
  test('a database of somebody with the name of a copy is neither replaced nor left out', async () => {
    await client.db('shop').collection('orders').insertOne({ live: true });
    await client.db('shop_restore').collection('orders').insertOne({ own: true });
    const before = await mongodb.data.fingerprint(source);
    await using taken = await takeBackup(engine, source);
    const names = ['shop_2_restore', 'shop_restore_restore'];
    expect(await beside(source, taken.directory, taken.manifest)).toEqual(names);
    expect(await beside(source, taken.directory, taken.manifest)).toEqual(names);
    expect(await mongodb.data.fingerprint(source)).toEqual(before);
    expect(await client.db('shop_restore').collection('orders').countDocuments({ own: true })).toBe(1);

    await backup.restore(target, taken.directory, taken.manifest);
    expect(await there.db('shop_restore').collection('orders').countDocuments({ own: true })).toBe(1);
    expect(await databaseNames(there)).not.toContain('shop_2_restore');
  });

  test('names that are as long as they may be, or differ in capitals alone, get names of their own', async () => {
    const long = '心'.repeat(21);
    const names = [long, `${'心'.repeat(20)}abc`, 'Case'];
    for (const name of names) await client.db(name).collection('c').insertOne({ of: name });
    await client.db('case_RESTORE').collection('c').insertOne({ own: true });
    const before = await mongodb.data.fingerprint(source);
    await using taken = await takeBackup(engine, source);
    const made = await beside(source, taken.directory, taken.manifest);
    expect(made).toHaveLength(4);
    expect(new Set(made.map((name) => name.toLowerCase())).size).toBe(4);
    expect(made).toContain('Case_2_restore');
    for (const name of made) {
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
      expect(name).toMatch(/_restore$/);
    }
    expect(await mongodb.data.fingerprint(source)).toEqual(before);
  });

  test('a restore that fails leaves nothing of it, and the live data as it is', async () => {
    await client.db('shop').collection('orders').insertOne({ live: true });
    const before = await mongodb.data.fingerprint(source);
    await using taken = await takeBackup(engine, source);
    // A string that is no UTF-8 is sound BSON, and refused by the server.
    const bad = documentOf([element(0x10, '_id', int32(1)), element(0x02, 's', text(Buffer.from([0xff, 0xfe])))]);
    await using folder = await backupFolder();
    const catalogue = {
      format: 2,
      collections: [
        { database: 'shop', name: 'orders', type: 'collection', indexes: 0, documents: 1, sizeBytes: bad.length },
      ],
      roles: 0,
      users: 0,
    };
    const contents = {
      'catalogue.json': JSON.stringify(catalogue),
      'definitions.bson': documentOf([]),
      'documents.bson': bad,
    };
    const parts = await partsWith(folder.path, contents);
    await expect(beside(source, folder.path, { ...taken.manifest, parts })).rejects.toThrow(/invalid BSON/);
    expect(await databaseNames(client)).not.toContain('shop_restore');
    expect(await mongodb.data.fingerprint(source)).toEqual(before);
  });
});
