import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { execInNode } from '../../sandbox/containers/exec.ts';
import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { poll } from '../../sandbox/core/poll.ts';
import type { Engine, Fingerprint } from '../../sandbox/engines/engine.ts';
import { differenceOf } from '../../sandbox/engines/fingerprint-difference.ts';
import { parseDocument } from '../../sandbox/engines/mongodb/bson-file.ts';
import { readCatalogue } from '../../sandbox/engines/mongodb/catalogue.ts';
import { firstNode, uri } from '../../sandbox/engines/mongodb/connection.ts';
import { requireNothingFailed } from '../../sandbox/engines/mongodb/dump-tool.ts';
import { mongodb } from '../../sandbox/engines/mongodb/engine.ts';
import { readExport } from '../../sandbox/engines/mongodb/read-export.ts';
import { isSupported, type RunningEngine } from '../../sandbox/engines/topology.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import {
  backupOf,
  refusalOf,
  refusalsExpected,
  refusalsOfPart,
  type StoredBackup,
  takeBackup,
  withLittleRoom,
} from './support/backups.ts';
import { partsOf } from './support/mongodb-parts.ts';

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

beforeAll(async () => {
  [sourceStack, targetStack] = await Promise.all([
    createStack({ engines: ['mongodb'], size: 'small', connect: false }),
    createStack({ engines: ['mongodb'], size: 'none', schema: false, connect: false }),
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
  before = await mongodb.fingerprint(source);
});
afterAll(async () => {
  await Promise.all([client?.close(), there?.close(), taken?.[Symbol.asyncDispose]()]);
  await Promise.all([sourceStack?.dispose(), targetStack?.dispose()]);
});

describe('what MongoDB refuses before the target is touched', () => {
  test.each(['documents.bson', 'definitions.bson', 'catalogue.json'])(
    '%s that is not what it was, or not what it claims to be',
    async (part) => {
      expect(await refusalsOfPart(engine, target, taken, part)).toEqual(refusalsExpected);
    },
  );

  test('a backup of another engine, of another implementation, of a later or another major version', async () => {
    const others = [
      { engine: 'redis' },
      { origin: 'official' as const },
      { serverVersion: '8.99.0' },
      { serverVersion: '7.0.0' },
    ];
    for (const other of others) {
      const manifest = { ...taken.manifest, ...other };
      expect(await refusalOf(engine, target, { ...taken, manifest })).toBe('BACKUP_VERSION_FOREIGN');
    }
  });

  test('a wrong password, a server without the right to write, a target without room', async () => {
    const stranger = { ...target, secrets: { ...target.secrets, root: 'wrong' } };
    expect(await refusalOf(engine, stranger, taken)).toBe('RESTORE_PASSWORD_WRONG');

    await execInNode(firstNode(target), ['chown', '0:0', '/data/db']);
    expect(await refusalOf(engine, target, taken)).toBe('RESTORE_NO_RIGHTS');
    await execInNode(firstNode(target), ['chown', '999:999', '/data/db']);

    await using small = await withLittleRoom(target, '/data/db', 65_536);
    expect(await refusalOf(engine, small.target, taken)).toBe('RESTORE_TARGET_FULL');
  });

  test('and the target is as empty as before', async () => {
    expect(await readCatalogue(there.db('taishang_content'))).toEqual([]);
  });
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
    const plainTotals = [];
    for (let round = 0; round < 10; round += 1) plainTotals.push(await plainTotal());
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
    // The control: without a snapshot the same reading sees transfers in the middle.
    expect(plainTotals.some((each) => each !== total)).toBe(true);
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
  await backup.restore(target, taken.directory, taken.manifest);
  expect(differenceOf(before, await mongodb.fingerprint(target))).toEqual({ different: [], expired: [] });
  await backup.writeAfterwards(target);
  expect(await mongodb.loadedFingerprint(target)).toBe(await sourceStack.dataset?.fingerprint());
  const login = new MongoClient(
    uri(target)
      .replace(/\/\/[^@]+@/, '//reader:password@')
      .replace('=admin', '=taishang_content'),
  );
  await expect(login.connect(), 'the stand-in takes no hash: the password is not the old one').rejects.toThrow();
  await login.close();
});

test('a restore over data is refused, and changes nothing', async () => {
  expect(await refusalOf(engine, target, taken)).toBe('RESTORE_TARGET_NOT_EMPTY');
  expect(differenceOf(before, await mongodb.fingerprint(target)).different).toEqual([]);
});

// The stand-in drops a database at some hundred documents a second where others use the disk.
test('a restore beside the live data replaces an earlier one, and touches nothing else', async () => {
  if (!isSupported(backup.restoreBeside as never)) throw new Error('not supported');
  const beside = backup.restoreBeside as Exclude<typeof backup.restoreBeside, { notSupported: string }>;
  const live = await mongodb.fingerprint(source);
  for (let round = 0; round < 2; round += 1) {
    expect(await beside(source, taken.directory, taken.manifest)).toEqual(['taishang_content_restore']);
    expect(await partsOf(client.db('taishang_content_restore'))).toEqual(await partsOf(client.db('taishang_content')));
    await client.db('taishang_content_restore').collection('user_contents').deleteOne({});
    await client.db('taishang_content_restore').collection('left over').insertOne({});
  }
  expect(await mongodb.fingerprint(source)).toEqual(live);
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
