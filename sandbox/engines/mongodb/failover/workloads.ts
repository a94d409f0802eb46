import { type Db, type InsertOneOptions, type MongoClient, MongoError, MongoServerError } from 'mongodb';
import type { RunningEngine } from '../../contract/topology.ts';
import type { WriteOutcome } from '../../contract/workloads.ts';
import {
  bankAccounts,
  outcomeOf,
  type SetClient,
  startBalance,
  type Workload,
  type Workloads,
} from '../../contract/workloads.ts';
import { connect, databaseName, openMember, withClient } from '../server/connection.ts';

/** A write counts once most members have it on disk. */
const safely = { writeConcern: { w: 'majority', journal: true, wtimeoutMS: 5_000 } } as const;

interface Value {
  readonly _id: number;
}
interface List {
  readonly _id: number;
  readonly list: number[];
}
interface Register {
  readonly _id: number;
  readonly value: number;
}
interface Account {
  readonly _id: number;
  readonly balance: number;
}

const setOf = (database: Db) => database.collection<Value>('drill_set');
const listsOf = (database: Db) => database.collection<List>('drill_append');
const registersOf = (database: Db) => database.collection<Register>('drill_register');
const accountsOf = (database: Db) => database.collection<Account>('drill_bank');

export const workloads: Workloads = {
  set: setWorkload(safely),
  append: workload(({ database }) => ({
    append: (key, value) =>
      outcomeOf(async () => {
        const update = { $push: { list: value } };
        return (await listsOf(database).updateOne({ _id: key }, update, { ...safely, upsert: true })).acknowledged;
      }, judge),
    read: async (key) => (await listsOf(database).findOne({ _id: key }, linearizable))?.list ?? [],
  })),
  register: workload(({ database }) => ({
    read: async (key) => (await registersOf(database).findOne({ _id: key }, linearizable))?.value,
    write: (key, value) =>
      outcomeOf(async () => {
        const update = { $set: { value } };
        return (await registersOf(database).updateOne({ _id: key }, update, { ...safely, upsert: true })).acknowledged;
      }, judge),
    compareAndSet: (key, from, to) =>
      outcomeOf(async () => {
        const change = await registersOf(database).updateOne(
          { _id: key, value: from },
          { $set: { value: to } },
          safely,
        );
        return change.matchedCount === 1;
      }, judge),
  })),
  bank: workload(({ database, client }) => ({
    transfer: (from, to, amount) => outcomeOf(() => transfer(client, database, { from, to, amount }), judge),
    readAll: () => readAccounts(client, database),
  })),
};

/** A set whose adds count once the primary alone has them: what a primary that is cut off has acknowledged is rolled back. */
export const hastySet = setWorkload({ writeConcern: { w: 1, journal: false } });

function setClientOf(database: Db, options: InsertOneOptions): SetClient {
  return {
    add: (value) =>
      outcomeOf(async () => (await setOf(database).insertOne({ _id: value }, options)).acknowledged, judge),
    readAll: async () => (await setOf(database).find().sort({ _id: 1 }).toArray()).map(({ _id }) => _id),
  };
}

/** What a member answers that is no longer the primary does not count. */
const linearizable = { readConcern: { level: 'majority' } } as const;

function workload<Shape extends object>(
  clientOf: (connected: { readonly client: MongoClient; readonly database: Db }) => Shape,
): Workload<Shape> {
  return {
    prepare,
    open: async (running) => {
      const { client, ...connection } = await connect(running);
      return {
        ...clientOf({ client, database: client.db(databaseName) }),
        [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
      };
    },
  };
}

/** A set is read from each member alone; what shows order or moves money is asked of the primary. */
function setWorkload(options: InsertOneOptions): Workload<SetClient> {
  return {
    ...workload(({ database }) => setClientOf(database, options)),
    openMember: async (running, nodeName) => {
      const node = running.nodes.find(({ name }) => name === nodeName);
      if (node === undefined) throw new Error(`there is no node ${nodeName}`);
      const client = await openMember(node, running.secrets);
      return { ...setClientOf(client.db(databaseName), options), [Symbol.asyncDispose]: () => client.close() };
    },
  };
}

async function prepare(running: RunningEngine): Promise<void> {
  await withClient(running, async (database) => {
    for (const collection of [setOf, listsOf, registersOf, accountsOf]) {
      await collection(database)
        .drop()
        .catch(() => {});
    }
    const accounts = Array.from({ length: bankAccounts }, (_, account) => ({ _id: account, balance: startBalance }));
    await accountsOf(database).insertMany(accounts, safely);
  });
}

async function transfer(
  client: MongoClient,
  database: Db,
  { from, to, amount }: { readonly from: number; readonly to: number; readonly amount: number },
): Promise<boolean> {
  return client.withSession((session) =>
    session.withTransaction(async () => {
      const accounts = accountsOf(database);
      const enough = { _id: from, balance: { $gte: amount } };
      const taken = await accounts.updateOne(enough, { $inc: { balance: -amount } }, { session });
      if (taken.modifiedCount !== 1) return false;
      await accounts.updateOne({ _id: to }, { $inc: { balance: amount } }, { session });
      return true;
    }, safely),
  );
}

/** In one snapshot: a plain find may show one account before a transfer and the next one after it. */
async function readAccounts(client: MongoClient, database: Db): Promise<readonly number[]> {
  const accounts = await client.withSession((session) =>
    session.withTransaction(() => accountsOf(database).find({}, { session }).sort({ _id: 1 }).toArray(), {
      readConcern: { level: 'snapshot' },
    }),
  );
  return accounts.map(({ balance }) => balance);
}

/**
 * An answer of the server means that nothing was written, unless it says that the write may have been done: a time-out
 * of the write concern, or an error that may be retried (drivers' specification, "Retryable Writes").
 */
function judge(thrown: unknown): WriteOutcome {
  if (!(thrown instanceof MongoServerError)) return 'info';
  const retryable = ['RetryableWriteError', 'UnknownTransactionCommitResult', 'TransientTransactionError'];
  const open = thrown instanceof MongoError && retryable.some((label) => thrown.hasErrorLabel(label));
  return open || 'writeConcernError' in thrown || thrown.code === 64 ? 'info' : 'fail';
}
