import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deadlineMs } from '../../../sandbox/core/deadlines.ts';
import { poll } from '../../../sandbox/core/poll.ts';
import type { Fingerprint } from '../../../sandbox/engines/contract/data.ts';
import type { Engine } from '../../../sandbox/engines/contract/engine.ts';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { readCatalogue } from '../../../sandbox/engines/mongodb/backup/catalogue.ts';
import { requireNothingFailed } from '../../../sandbox/engines/mongodb/backup/dump-tool.ts';
import { parseDocument } from '../../../sandbox/engines/mongodb/backup/export/bson-file.ts';
import { readExport } from '../../../sandbox/engines/mongodb/backup/export/read-export.ts';
import { mongodb } from '../../../sandbox/engines/mongodb/engine.ts';
import { uri } from '../../../sandbox/engines/mongodb/server/connection.ts';
import { differenceOf } from '../../../sandbox/engines/shared/backup/fingerprint-difference.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { fewRows } from '../../support/few-rows.ts';
import { wholeEngine } from '../../support/whole-engines.ts';
import { supported } from '../support/backup-folder.ts';
import { testBackup } from '../support/backup-suite.ts';
import { backupOf, type StoredBackup, takeBackup } from '../support/backups.ts';
import { partsOf } from '../support/mongodb-parts.ts';

const engine = mongodb as Engine;
const backup = backupOf(engine);
const seed = Number(process.env.SANDBOX_TEST_SEED ?? Date.now() % 1_000_000);

let sourceStack: Stack<'mongodb'>;
let targetStack: Stack<'mongodb'>;
let source: RunningEngine;
let target: RunningEngine;
let client: MongoClient;
let there: MongoClient;
let taken: StoredBackup;
let before: Fingerprint;

const emptyStack = () => createStack({ engines: ['mongodb'], size: 'none', schema: false, connect: false });

beforeAll(async () => {
  [sourceStack, targetStack] = await Promise.all([
    createStack({ engines: ['mongodb'], size: fewRows, connect: false }),
    emptyStack(),
  ]);
  source = sourceStack.engines.mongodb;
  target = targetStack.engines.mongodb;
  [client, there] = (await Promise.all([source, target].map((running) => new MongoClient(uri(running)).connect()))) as [
    MongoClient,
    MongoClient,
  ];
  const database = client.db('taishang_content');
  await database.collection('backup_logs').createIndex({ at: 1 }, { expireAfterSeconds: 86_400, name: 'lifetime' });
  await database.createCollection('notes', {
    viewOn: 'user_contents',
    pipeline: [{ $match: { content_type: 'note' } }],
  });
  const resource = { db: 'taishang_content', collection: 'user_contents' };
  await database.command({ createRole: 'reading', privileges: [{ resource, actions: ['find'] }], roles: [] });
  await database.command({
    createUser: 'reader',
    pwd: 'password',
    roles: [{ role: 'reading', db: database.databaseName }],
  });
  taken = await takeBackup(engine, source);
  before = await mongodb.data.fingerprint(source);
});
afterAll(async () => {
  await Promise.all([client?.close(), there?.close(), taken?.[Symbol.asyncDispose]()]);
  await Promise.all([sourceStack?.dispose(), targetStack?.dispose()]);
});

testBackup({
  engine: await wholeEngine('mongodb'),
  backedUp: () => ({ source, target, taken }),
  parts: ['documents.bson', 'definitions.bson', 'catalogue.json'],
  foreign: () => [{ engine: 'redis' }, { origin: 'official' }, { serverVersion: '8.99.0' }, { serverVersion: '7.0.0' }],
  wrongSecrets: { root: 'wrong' },
  folder: { path: '/data/db', owner: '999:999' },
  requireEmpty: async () => {
    expect(await readCatalogue(there.db('taishang_content'))).toEqual([]);
  },
});

describe(`writes during the backup (SANDBOX_TEST_SEED=${seed})`, () => {
  const accounts = 500;
  const total = 2 * accounts * 100;
  const names = ['bank_a', 'bank_b'] as const;
  const bank = (from: MongoClient) => from.db('bank');

  test('a total that never changes is the same in every backup, and what was written is a beginning', async () => {
    for (const name of names) {
      const documents = Array.from({ length: accounts }, (_, id) => ({
        _id: id as never,
        balance: 100,
        pad: 'x'.repeat(500),
      }));
      await bank(client).collection(name).insertMany(documents);
    }
    await bank(client).createCollection('set_a');
    await bank(client).createCollection('set_b');
    const stop = new AbortController();
    const writers = Promise.all([transfer(stop.signal, 1), transfer(stop.signal, 2), append(stop.signal)]);
    await poll(async () => (await bank(client).collection('set_a').countDocuments()) > 50, {
      timeoutMs: deadlineMs('statement'),
      onTimeout: () => new Error('nothing is written'),
    });
    // The control: without a snapshot the same reading sees transfers in the middle.
    await poll(async () => (await plainTotal()) !== total, {
      timeoutMs: deadlineMs('statement'),
      onTimeout: () => new Error('a reading without a snapshot sees no transfer in the middle'),
    });
    for (let round = 0; round < 5; round += 1) {
      const acknowledged = await bank(client).collection('set_b').countDocuments();
      await using during = await takeBackup(engine, source);
      const balances = [...(await held(during, 'bank_a')), ...(await held(during, 'bank_b'))];
      expect(balances.reduce((sum, { balance }) => sum + Number(balance), 0)).toBe(total);
      const values = [...(await held(during, 'set_a')), ...(await held(during, 'set_b'))].map(({ value }) =>
        Number(value),
      );
      const sorted = values.toSorted((left, right) => left - right);
      expect(sorted).toEqual(sorted.map((_, index) => index));
      expect(values.length).toBeGreaterThanOrEqual(acknowledged);
    }
    stop.abort();
    await writers;
    await bank(client).dropDatabase();
  });

  /** What a backup holds of a collection. */
  async function held({ directory, manifest }: StoredBackup, name: string) {
    const { collections } = await readExport(directory, manifest);
    const found = collections.find((collection) => collection.database === 'bank' && collection.name === name);
    const documents = [];
    for await (const bytes of found?.read() ?? []) documents.push(parseDocument(bytes));
    return documents;
  }

  async function plainTotal(): Promise<number> {
    let sum = 0;
    for (const name of names) {
      const balances = bank(client).collection<{ balance: number }>(name).find({}, { batchSize: 20 });
      for await (const { balance } of balances) sum += balance;
    }
    return sum;
  }

  async function transfer(signal: AbortSignal, salt: number): Promise<void> {
    await using writer = await new MongoClient(uri(source)).connect();
    for (let round = 0; !signal.aborted; round += 1) {
      const from = (seed + salt * 31 + round * 17) % accounts;
      const [left, right] = round % 2 === 0 ? names : names.toReversed();
      await writer.withSession((session) =>
        session.withTransaction(async () => {
          const change = (name: string, amount: number) =>
            bank(writer)
              .collection(name)
              .updateOne({ _id: from as never }, { $inc: { balance: amount } }, { session });
          await change(left as string, -7);
          await change(right as string, 7);
        }),
      );
    }
  }

  /** By turns into two collections, each acknowledged before the next. */
  async function append(signal: AbortSignal): Promise<void> {
    await using writer = await new MongoClient(uri(source)).connect();
    for (let value = 0; !signal.aborted; value += 1) {
      await bank(writer)
        .collection(value % 2 === 0 ? 'set_a' : 'set_b')
        .insertOne({ value });
    }
  }
});

test('a round trip: the same documents, validators, indexes, views, users and roles', async () => {
  await using filledStack = await emptyStack();
  const filled = filledStack.engines.mongodb;
  await backup.restore(filled, taken.directory, taken.manifest);
  expect(differenceOf(before, await mongodb.data.fingerprint(filled))).toEqual({ different: [], expired: [] });
  await backup.writeAfterwards(filled);
  expect(await mongodb.data.loadedFingerprint(filled)).toBe(await sourceStack.dataset?.fingerprint());
  const login = new MongoClient(
    uri(filled)
      .replace(/\/\/[^@]+@/, '//reader:password@')
      .replace('=admin', '=taishang_content'),
  );
  await expect(login.connect(), 'the stand-in takes no hash: the password is not the old one').rejects.toThrow();
  await login.close();
});

// The stand-in drops a database at some hundred documents a second where others use the disk.
test('a restore beside the live data replaces an earlier one, and touches nothing else', async () => {
  const beside = supported(backup.restoreBeside);
  const live = await mongodb.data.fingerprint(source);
  for (let round = 0; round < 2; round += 1) {
    expect(await beside(source, taken.directory, taken.manifest)).toEqual(['taishang_content_restore']);
    expect(await partsOf(client.db('taishang_content_restore'))).toEqual(await partsOf(client.db('taishang_content')));
    await client.db('taishang_content_restore').collection('user_contents').deleteOne({});
    await client.db('taishang_content_restore').collection('left over').insertOne({});
  }
  expect(await mongodb.data.fingerprint(source)).toEqual(live);
  await client.db('taishang_content_restore').dropDatabase();
}, 300_000);

test.each([
  ['2026-01-01 4320 document(s) restored successfully. 3 document(s) failed to restore.', 0, true],
  ['2026-01-01 4320 document(s) restored successfully. 0 document(s) failed to restore.', 1, true],
  ['Failed: no reachable servers', 0, true],
  ['2026-01-01 4320 document(s) restored successfully. 0 document(s) failed to restore.', 0, false],
])('mongorestore that says "%s" and ends with %i: refused %s', (errorOutput, exitCode, isRefused) => {
  const check = () => requireNothingFailed({ exitCode, output: '', errorOutput });
  if (isRefused) expect(check).toThrow(expect.objectContaining({ code: 'RESTORE_FAILED' }));
  else expect(check).not.toThrow();
});
