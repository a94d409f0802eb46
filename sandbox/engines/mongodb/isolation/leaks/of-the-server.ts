import { randomUUID } from 'node:crypto';
import type { ClientSession, Db } from 'mongodb';
import type { Leak } from '../../../contract/isolation.ts';
import { content, isAllowed, refusedCommand, withClients } from './clients.ts';

const without = (what: string) => ({ notRunOn: { compatible: `SecantusDB 0.7 has no ${what}` } }) as const;

/** What a server has once, for all of its databases. */
export const leaksOfTheServer: readonly Leak[] = [
  { name: 'setParameter', verdict: 'isolated', attempt: refusedCommand(() => ({ setParameter: 1, logLevel: 0 })) },
  {
    name: 'fail points',
    verdict: 'isolated',
    ...without('fail points'),
    attempt: refusedCommand(() => ({ configureFailPoint: 'failCommand', mode: 'off' })),
  },
  {
    name: 'default read and write concern',
    verdict: 'isolated',
    ...without('setDefaultRWConcern'),
    attempt: refusedCommand(() => ({ setDefaultRWConcern: 1, defaultReadConcern: { level: 'local' } })),
  },
  { name: 'fsync', verdict: 'isolated', attempt: refusedCommand(() => ({ fsync: 1 })) },
  {
    name: 'profiler level',
    verdict: 'isolated',
    attempt: (...places) =>
      withClients(places, async (attacker, victim) => {
        await attacker.command({ profile: 2 });
        try {
          const { was } = await victim.command({ profile: -1 });
          return was === 0 ? [] : [`profiler level ${was}`];
        } finally {
          await attacker.command({ profile: 0 });
        }
      }),
  },
  {
    name: 'slowms of the profiler',
    verdict: 'not isolated',
    verdictOn: { compatible: 'isolated' },
    note: 'A server has one limit for what it logs as slow; the reset puts it back. Do not hold a test to that log.',
    attempt: slowLimit,
  },
  { name: 'currentOp', verdict: 'isolated', attempt: refusedCommand(() => ({ currentOp: 1, $all: true })) },
  { name: 'killOp', verdict: 'isolated', attempt: refusedCommand(() => ({ killOp: 1, op: 0 })) },
  {
    name: 'killAllSessions',
    verdict: 'isolated',
    verdictOn: { compatible: 'not isolated' },
    note: 'SecantusDB 0.7 takes it of any login, and ends the transactions of all; MongoDB asks for a privilege.',
    attempt: (...places) => withClients(places, killingTransactions),
  },
  {
    name: 'locks of transactions',
    verdict: 'isolated',
    // Seen where both places are one: an insert of the key that an open transaction had inserted went through.
    notRunOn: { compatible: 'SecantusDB 0.7 holds no key for a transaction' },
    attempt: (...places) => withClients(places, holdingTransaction),
  },
  {
    name: 'oplog',
    verdict: 'isolated',
    attempt: refusedCommand(() => ({ find: 'oplog.rs', limit: 1 }), { database: () => 'local' }),
  },
  {
    name: 'change stream of the whole server',
    verdict: 'isolated',
    attempt: (...places) => withClients(places, (attacker, victim) => watching(attacker.client, victim)),
  },
  {
    name: 'change stream of another database',
    verdict: 'isolated',
    attempt: (...places) =>
      withClients(places, (attacker, victim) => watching(attacker.client.db(victim.databaseName), victim)),
  },
  {
    name: 'cluster time',
    verdict: 'not isolated',
    note: 'A server has one logical clock, which every write advances. Compare times of one place with each other alone.',
    attempt: (...places) =>
      withClients(places, async (attacker, victim) => {
        const timeOf = async () => (await victim.command({ ping: 1 })).operationTime;
        const before = await timeOf();
        await write(attacker);
        const after = await timeOf();
        return String(before) === String(after) ? [] : [`time ${before} became ${after}`];
      }),
  },
];

async function slowLimit(...places: Parameters<Leak['attempt']>): Promise<readonly string[]> {
  return withClients(places, async (attacker, victim) => {
    const { slowms: before } = await victim.command({ profile: -1 });
    await attacker.command({ profile: 0, slowms: before + 1 });
    try {
      const { slowms } = await victim.command({ profile: -1 });
      return slowms === before ? [] : [`slowms ${slowms} instead of ${before}`];
    } finally {
      await attacker.command({ profile: 0, slowms: before });
    }
  });
}

async function killingTransactions(attacker: Db, victim: Db): Promise<readonly string[]> {
  return victim.client.withSession(async (session) => {
    session.startTransaction();
    await write(victim, { session });
    await isAllowed(() => attacker.client.db('admin').command({ killAllSessions: [] }));
    try {
      await session.commitTransaction();
      return [];
    } catch (thrown) {
      return [`its transaction was ended: ${(thrown as Error).message}`];
    }
  });
}

/** Of the same document, by its key, in two databases. */
async function holdingTransaction(attacker: Db, victim: Db): Promise<readonly string[]> {
  const id = `leak ${randomUUID()}`;
  return attacker.client.withSession(async (session) => {
    session.startTransaction();
    try {
      await write(attacker, { session, id });
      await write(victim, { id, maxTimeMS: lockedMs });
      await session.commitTransaction();
      return [];
    } catch (thrown) {
      return [`one of both writes was refused: ${(thrown as Error).message}`];
    } finally {
      if (session.inTransaction()) await session.abortTransaction();
      await contentsOf(victim).deleteOne({ _id: id });
    }
  });
}

/** A write that waits for a transaction would do so for ever. */
const lockedMs = 2_000;

/** The stream begins with its first request: a write before it would not be seen. */
async function watching(watched: Pick<Db, 'watch'>, victim: Db): Promise<readonly string[]> {
  await using changes = watched.watch();
  if (!(await isAllowed(() => changes.tryNext()))) return [];
  await write(victim);
  // A stream that is to have it has it soon: each of these waits for up to a second.
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const change = await changes.tryNext();
    if (change !== null) return [`a change: ${change.operationType}`];
  }
  return [];
}

interface Write {
  readonly session?: ClientSession;
  readonly id?: string;
  readonly maxTimeMS?: number;
}

async function write(database: Db, { id = `leak ${randomUUID()}`, ...options }: Write = {}): Promise<void> {
  await contentsOf(database).insertOne(content(id), { bypassDocumentValidation: true, ...options });
}

function contentsOf(database: Db) {
  return database.collection<{ _id: string }>('user_contents');
}
