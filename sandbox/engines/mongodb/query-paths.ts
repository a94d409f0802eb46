import type { Db } from 'mongodb';
import type { Dataset } from '../../../seeds/dataset.ts';
import type { Content } from '../../../seeds/entities.ts';
import type { PlanCheck, PreparedPath, QueryPath } from '../query-path.ts';
import type { RunningEngine } from '../topology.ts';
import { connect, databaseName } from './connection.ts';
import type { ContentDocument } from './documents.ts';

/** Contents on the first page of a user. */
const pageSize = 20;

/** Users that the path asks for in turn. */
const askedUsers = 500;

export const queryPaths: readonly QueryPath[] = [
  { name: 'latest contents of a user', description: "A user's first page: the twenty newest contents.", prepare },
];

async function prepare(running: RunningEngine, dataset: Dataset): Promise<PreparedPath> {
  const connection = await connect(running);
  const database = connection.client.db(databaseName);
  const newest = await newestByUser(dataset);
  const userIds = [...newest.keys()].slice(0, askedUsers);
  const at = (iteration: number) => userIds[iteration % userIds.length] as string;
  return {
    run: async (iteration) => {
      await latestContents(database, at(iteration)).toArray();
    },
    runBare: async () => {
      await database.command({ ping: 1 });
    },
    checkPlan: () => checkPlan(database, at(0)),
    checkAnswer: async () => {
      const expected = (newest.get(at(0)) ?? []).join(', ');
      const actual = (await latestContents(database, at(0)).toArray()).map(({ _id }) => _id).join(', ');
      return { expected, actual, ok: actual === expected };
    },
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

function latestContents(database: Db, userId: string) {
  return database
    .collection<ContentDocument>('user_contents')
    .find({ user_id: userId })
    .sort({ created_at: -1 })
    .limit(pageSize);
}

/** Ids of each user's newest contents, newest first, as the dataset has them. Users with two of one moment are left out. */
async function newestByUser(dataset: Dataset): Promise<ReadonlyMap<string, readonly string[]>> {
  const byUser = new Map<string, Content[]>();
  for await (const batch of dataset.batches('contents')) {
    for (const content of batch) byUser.set(content.userId, [...(byUser.get(content.userId) ?? []), content]);
  }
  const newest = new Map<string, readonly string[]>();
  for (const [userId, contents] of byUser) {
    if (new Set(contents.map(({ createdAt }) => createdAt.getTime())).size < contents.length) continue;
    const sorted = contents.toSorted((left, right) => right.createdAt.getTime() - left.createdAt.getTime());
    newest.set(
      userId,
      sorted.slice(0, pageSize).map(({ id }) => id),
    );
  }
  return newest;
}

async function checkPlan(database: Db, userId: string): Promise<PlanCheck> {
  const explained = JSON.stringify(await latestContents(database, userId).explain('executionStats'));
  const stage = explained.includes('"stage":"IXSCAN"') ? 'IXSCAN' : 'no IXSCAN';
  const index = /"indexName":"([^"]+)"/.exec(explained)?.[1] ?? 'no index';
  const expected = 'IXSCAN on user_id_1_created_at_-1';
  const actual = `${stage} on ${index}`;
  return { expected, actual, ok: actual === expected };
}
