import type { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Fingerprint } from '../../../sandbox/engines/contract/data.ts';
import { mongodb } from '../../../sandbox/engines/mongodb/engine.ts';
import { databaseName } from '../../../sandbox/engines/mongodb/server/connection.ts';
import { differenceOf } from '../../../sandbox/engines/shared/backup/fingerprint-difference.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { backupOf, type StoredBackup, takeBackup } from '../support/backups.ts';

const hourMs = 3_600_000;
/** Documents of the list below, and those of them whose lifetime has passed. */
const allDocuments = 7;
const expiredDocuments = 3;

let source: Stack<'mongodb'>;
let target: Stack<'mongodb'>;
let before: Fingerprint;
let expired = 0;
const tokens = (client: MongoClient) => client.db(databaseName).collection<{ _id: string; at?: unknown }>('tokens');

beforeAll(async () => {
  const empty = { engines: ['mongodb'], size: 'none' } as const;
  const emptyTarget = () => createStack({ ...empty, schema: false });
  [source, target] = await Promise.all([createStack(empty), emptyTarget()]);
  await using taken = (await takenWithExpired()) ?? (await takenWithExpired());
  if (taken === undefined) throw new Error('what has expired is removed before a backup is made');
  if (!(await isRestoredInTime(taken))) {
    await target.dispose();
    target = await emptyTarget();
    if (!(await isRestoredInTime(taken))) throw new Error('what has expired is removed before a restore counts it');
  }
  // As the server does within the minute.
  await tokens(target.clients.mongodb).deleteMany({ at: { $lt: new Date(Date.now() - 24 * hourMs) } });
});
afterAll(() => Promise.all([source?.dispose(), target?.dispose()]));

/**
 * The server looks for what has expired once a minute, and nobody knows when: a backup that it has come before is none to
 * try, and the next one has most of a minute.
 */
async function takenWithExpired(): Promise<StoredBackup | undefined> {
  const ago = (hours: number) => new Date(Date.now() - hours * hourMs);
  const collection = tokens(source.clients.mongodb);
  await collection.insertMany([
    { _id: 'lives for an hour more', at: ago(23) },
    { _id: 'lives as long as its earliest moment', at: [ago(1), ago(2)] },
    { _id: 'lives for ever, for it has no moment', at: 'never' },
    { _id: 'lives for ever, for it says nothing' },
    { _id: 'a day old', at: ago(25) },
    { _id: 'a year old', at: ago(365 * 24) },
    { _id: 'one of its moments is a day old', at: [ago(1), ago(25)] },
  ]);
  await collection.createIndex({ at: 1 }, { expireAfterSeconds: 86_400 });
  before = await mongodb.data.fingerprint(source.engines.mongodb);
  const taken = await takeBackup(mongodb, source.engines.mongodb);
  if ((await collection.countDocuments()) === allDocuments) return taken;
  await Promise.all([taken[Symbol.asyncDispose](), collection.drop()]);
  return undefined;
}

/** The same of a restore: what it counts is of no use where the server may have come before. */
async function isRestoredInTime({ directory, manifest }: StoredBackup): Promise<boolean> {
  expired = 0;
  const notes = {
    expired: (count: number) => {
      expired += count;
    },
  };
  await backupOf(mongodb).restore(target.engines.mongodb, directory, manifest, notes);
  return (await tokens(target.clients.mongodb).countDocuments()) === allDocuments;
}

test('a restore counts the documents whose lifetime has passed, and is the same but for them', async () => {
  expect(expired).toBe(expiredDocuments);
  expect(await tokens(target.clients.mongodb).countDocuments()).toBe(4);
  const { different, expired: parts } = differenceOf(before, await mongodb.data.fingerprint(target.engines.mongodb));
  expect({ different, parts }).toEqual({ different: [], parts: ['tokens documents'] });
});

test.each(['lives for an hour more', 'lives for ever, for it has no moment'])(
  'a lost document that %s is a difference beside them',
  async (_id) => {
    const collection = tokens(target.clients.mongodb);
    const document = await collection.findOne({ _id });
    expect(document).not.toBeNull();
    await collection.deleteOne({ _id });
    const { different } = differenceOf(before, await mongodb.data.fingerprint(target.engines.mongodb));
    if (document !== null) await collection.insertOne(document);
    expect(different).toEqual(['tokens documents']);
  },
);
