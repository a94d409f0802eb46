import { randomUUID } from 'node:crypto';
import type { Db } from 'mongodb';
import { now, nowMs } from '../../../../core/clock.ts';
import { AsyncDisposableStack } from '../../../../core/disposable-stack.ts';
import { SandboxError } from '../../../../core/errors.ts';
import type {
  HopListener,
  PathContext,
  PlanCheck,
  PreparedPath,
  QueryPath,
} from '../../../contract/bench/query-path.ts';
import { isExternal } from '../../../contract/topology.ts';
import { preparePath } from '../../../shared/bench/prepare-path.ts';
import { type CleanupReport, cleanUpOldData } from '../../schema/management.ts';
import { connect, databaseName } from '../../server/connection.ts';
import { missingCollections } from './missing-collections.ts';
import { scansOf } from './plan.ts';

/** How much is old when a cleanup begins: documents of each collection. */
type OldDocuments = number;

const marker = 'sandbox-bench';

/** What is cleaned up is of 1970, when nothing of the platform was written; the cleanup thinks that it is March. */
const oldTime = new Date('1970-01-01T00:00:00Z');
const cleanupTime = new Date('1970-03-01T00:00:00Z');
const cutoff = new Date(cleanupTime.getTime() - 30 * 86_400_000);

const parameters = { hot: [5, 10], cold: [50], absent: [0] };

const indexes = { ai_conversations: 'created_at_-1', user_contents: 'content_type_1_created_at_-1' } as const;

const plan = `IXSCAN on ${Object.values(indexes).join(' and ')}`;

export const cleanup: QueryPath = {
  name: 'cleanup of old data',
  description: 'Old conversations and temporary contents are put there, then cleaned up as the platform does.',
  plan,
  shares: { hot: 0.6, cold: 0.1, absent: 0.3 },
  objective: { p99Ms: 250 },
  writes: `documents of a user of its own, named ${marker}-..., which are removed afterwards`,
  reads: ['ai_conversations', 'user_contents'],
  missing: (running) => missingCollections(running, ['ai_conversations', 'user_contents']),
  prepare,
};

async function prepare({ running }: PathContext): Promise<PreparedPath> {
  await using stack = new AsyncDisposableStack();
  const connection = stack.use(await connect(running));
  const database = connection.client.db(databaseName);
  await refuseOthersDocuments(database);
  await removeAbandoned(database);
  const userId = `${marker}-${randomUUID()}`;
  stack.defer(() => removeMarked(database, userId));
  // One that is kept: a cleanup that takes it would find fewer afterwards.
  await insertOld(database, userId, 1, true);
  const isStandIn = !isExternal(running) && running.image.origin === 'compatible';
  const prepared = preparePath<OldDocuments, CleanupReport>({
    parameters,
    shares: cleanup.shares,
    request: (count, onHop) => cleanUp(database, userId, count, onHop),
    bare: () => database.command({ ping: 1 }),
    plan: () => checkPlan(database, isStandIn),
    answer: ({ deletedConversations, deletedContents }) => `${deletedConversations} and ${deletedContents} deleted`,
    known: async (asked) => asked.map((count) => `${count} and ${count} deleted`),
    dispose: async () => {},
  });
  const kept = stack.move();
  return { ...prepared, [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose]() };
}

async function cleanUp(database: Db, userId: string, count: number, onHop?: HopListener): Promise<CleanupReport> {
  const beganMs = performance.now();
  if (count > 0) await insertOld(database, userId, count, false);
  const insertedMs = performance.now();
  const report = await cleanUpOldData(database, cleanupTime);
  onHop?.('put there', insertedMs - beganMs);
  onHop?.('cleaned up', performance.now() - insertedMs);
  return report;
}

async function insertOld(database: Db, userId: string, count: number, keep: boolean): Promise<void> {
  const dates = { created_at: oldTime, updated_at: oldTime };
  const metadata = { keep, sandbox_bench_at: now() };
  const each = Array.from({ length: count }, () => `${marker}-${randomUUID()}`);
  const conversations = each.map((_id) => ({
    _id,
    user_id: userId,
    session_id: userId,
    messages: [],
    context: {},
    metadata,
    ...dates,
  }));
  const contents = each.map((_id) => ({
    _id,
    user_id: userId,
    content_type: 'temp',
    title: marker,
    content: '',
    tags: [],
    metadata,
    ...dates,
  }));
  await Promise.all([
    database.collection<{ _id: string }>('ai_conversations').insertMany(conversations),
    database.collection<{ _id: string }>('user_contents').insertMany(contents),
  ]);
}

/** What a run left that was killed, once it is an hour old: until then it may be another run's. */
async function removeAbandoned(database: Db): Promise<void> {
  const abandoned = {
    user_id: new RegExp(`^${marker}-`),
    'metadata.sandbox_bench_at': { $lt: new Date(nowMs() - 3_600_000) },
  };
  await Promise.all([
    database.collection('ai_conversations').deleteMany(abandoned),
    database.collection('user_contents').deleteMany(abandoned),
  ]);
}

async function removeMarked(database: Db, userId: string): Promise<void> {
  await Promise.all([
    database.collection('ai_conversations').deleteMany({ user_id: userId }),
    database.collection('user_contents').deleteMany({ user_id: userId }),
  ]);
}

/** Of the same conditions in a query: not every server explains a deletion. */
async function checkPlan(database: Db, isStandIn: boolean): Promise<PlanCheck> {
  const old = { created_at: { $lt: cutoff }, 'metadata.keep': { $ne: true } };
  const [conversations, contents] = await Promise.all([
    database.collection('ai_conversations').find(old).explain('executionStats'),
    database
      .collection('user_contents')
      .find({ ...old, content_type: 'temp' })
      .explain('executionStats'),
  ]);
  const scans = [scansOf(conversations), scansOf(contents)];
  const ok = Object.values(indexes).every((index, position) => scans[position] === `IXSCAN on ${index}`);
  const actual = scans.join(' and ');
  if (ok || !isStandIn) return { expected: plan, actual, ok };
  return { expected: plan, actual: `not checked: SecantusDB 0.7 reads ${actual} for two conditions`, ok: null };
}

/** The cleanup goes by time: nothing of anybody else's may be in that time. */
async function refuseOthersDocuments(database: Db): Promise<void> {
  const old = { created_at: { $lt: cutoff }, user_id: { $not: new RegExp(`^${marker}-`) } };
  const [conversation, content] = await Promise.all([
    database.collection('ai_conversations').findOne(old),
    database.collection('user_contents').findOne({ ...old, content_type: 'temp' }),
  ]);
  if (conversation === null && content === null) return;
  throw new SandboxError({
    code: 'BENCH_NOT_POSSIBLE',
    engine: 'mongodb',
    message: `There are documents from before ${cutoff.toISOString()}: the cleanup would take them too.`,
    next: 'Measure the other paths: name them after `bench`.',
  });
}
