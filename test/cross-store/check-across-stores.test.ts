import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkAcrossStores, requireAgreement } from '../../sandbox/cross-store/check-across-stores.ts';
import { checkStack } from '../../sandbox/cross-store/check-stack.ts';
import type { Engine } from '../../sandbox/engines/contract/engine.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import { defaultEngines } from '../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';
import { openPrimary } from '../../sandbox/engines/postgresql/server/connection.ts';
import { knowledgePointId } from '../../sandbox/engines/qdrant/data/points.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import type { Dataset } from '../../seeds/dataset.ts';
import type { KnowledgeVector, User } from '../../seeds/entities.ts';
import { rowsOf } from '../seeds/rows.ts';

/** The least that has something in each cell: a test reads all of it twice. */
const aCellEach = { users: 216, contents: 216, conversations: 216, knowledge: 216 };

let stack: Stack;
let engines: readonly Engine[];
let running: ReadonlyMap<string, RunningEngine>;
let dataset: Dataset;
let users: readonly User[];
let vector: KnowledgeVector;

beforeAll(async () => {
  [engines, stack] = await Promise.all([loadEngines(defaultEngines), createStack({ size: aCellEach })]);
  running = new Map(Object.entries(stack.engines));
  dataset = stack.dataset as Dataset;
  users = await rowsOf('users', dataset);
  vector = (await rowsOf('knowledgeVectors', dataset))[10] as KnowledgeVector;
});
afterAll(() => stack?.dispose());

const check = () => checkAcrossStores(engines, running, dataset);
/** In some five parts a kind, as of what has more than a million things. */
const checkInParts = () => checkAcrossStores(engines, running, dataset, { heldMax: 40 });
const user = (index: number) => users[index] as User;

/** One record that is made wrong in one store, and made right again. */
interface Damage {
  readonly name: string;
  readonly cause: () => Promise<unknown>;
  readonly repair: () => Promise<unknown>;
  /** The only difference that may be found. */
  readonly found: () => string | RegExp;
}

async function neo4j(statement: string, parameters: object = {}): Promise<void> {
  await stack.clients.neo4j.executeQuery(statement, parameters);
}

async function vectorsOfPostgresql(statement: string, parameters: readonly unknown[]): Promise<void> {
  await using opened = await openPrimary(stack.engines.postgresql, { database: 'taishang_ai' });
  await opened.client.query(statement, [...parameters]);
}

const contents = () => stack.clients.mongodb.db('taishang_content').collection<{ _id: string }>('user_contents');
const conversations = () =>
  stack.clients.mongodb.db('taishang_content').collection<{ _id: string }>('ai_conversations');
const firstId = async (name: 'contents' | 'conversations') => (await rowsOf(name, dataset))[0]?.id as string;
const firstOwner = async () => (await rowsOf('contents', dataset))[0]?.userId;
const pointIdOfTwin = '00000000-0000-5000-8000-000000000001';
const cacheKey = () => `user:${user(3).id}`;
let kept: unknown;

const damages: readonly Damage[] = [
  {
    name: 'PostgreSQL: a level of a user',
    cause: () => stack.clients.postgresql.query('UPDATE users SET thinking_level = 5 WHERE id = $1', [user(0).id]),
    repair: () => stack.clients.postgresql.query('UPDATE users SET thinking_level = 0 WHERE id = $1', [user(0).id]),
    found: () => `postgresql: user ${user(0).id} has thinking level 5 instead of 0`,
  },
  {
    name: 'PostgreSQL: a knowledge item that nobody else knows',
    cause: () =>
      vectorsOfPostgresql("UPDATE knowledge_embeddings SET knowledge_id = 'k-odd' WHERE knowledge_id = $1", [
        vector.knowledgeId,
      ]),
    repair: () =>
      vectorsOfPostgresql("UPDATE knowledge_embeddings SET knowledge_id = $1 WHERE knowledge_id = 'k-odd'", [
        vector.knowledgeId,
      ]),
    found: () => /postgresql: knowledge k-odd is not in the dataset\npostgresql: knowledge k011 is missing/,
  },
  {
    name: 'MongoDB: a content of somebody who is no user',
    cause: async () => contents().updateOne({ _id: await firstId('contents') }, { $set: { user_id: 'stranger' } }),
    repair: async () =>
      contents().updateOne({ _id: await firstId('contents') }, { $set: { user_id: await firstOwner() } }),
    found: () => /^mongodb: content \S+ belongs to stranger, who is no user$/,
  },
  {
    name: 'MongoDB: a content of another user',
    cause: async () => contents().updateOne({ _id: await firstId('contents') }, { $set: { user_id: user(9).id } }),
    repair: async () =>
      contents().updateOne({ _id: await firstId('contents') }, { $set: { user_id: await firstOwner() } }),
    found: () => new RegExp(`^mongodb: content \\S+ belongs to ${user(9).id} instead of ${user(0).id}$`),
  },
  {
    name: 'MongoDB: a conversation that is gone',
    cause: async () => {
      kept = await conversations().findOneAndDelete({ _id: await firstId('conversations') });
    },
    repair: () => conversations().insertOne(kept as { _id: string }),
    found: () => /^mongodb: conversation \S+ is missing$/,
  },
  {
    name: 'Neo4j: a level of a user',
    cause: () => neo4j('MATCH (u:User {id: $id}) SET u.silicon_level = 4', { id: user(1).id }),
    repair: () => neo4j('MATCH (u:User {id: $id}) SET u.silicon_level = 0', { id: user(1).id }),
    found: () => `neo4j: user ${user(1).id} has silicon level 4 instead of 0`,
  },
  {
    name: 'Neo4j: a level that is not there',
    cause: () => neo4j("MATCH (k:Knowledge {id: 'k001'}) REMOVE k.silicon_level"),
    repair: () => neo4j("MATCH (k:Knowledge {id: 'k001'}) SET k.silicon_level = 3"),
    found: () => 'neo4j: knowledge k001 has silicon level NaN instead of 3',
  },
  {
    name: 'Neo4j: a concept too many',
    cause: () => neo4j("CREATE (:Concept {name: 'odd', silicon_level: 0})"),
    repair: () => neo4j("MATCH (c:Concept {name: 'odd'}) DETACH DELETE c"),
    found: () => 'neo4j: concept odd is not in the dataset',
  },
  {
    name: 'Redis: a cache entry that is gone',
    cause: async () => {
      kept = await stack.clients.redis.getdel(cacheKey());
    },
    repair: () => stack.clients.redis.set(cacheKey(), String(kept), 'EX', 3_600),
    found: () => `redis: user ${user(3).id} is missing`,
  },
  {
    name: 'Redis: a cache entry with another level',
    cause: async () => {
      kept = await stack.clients.redis.get(cacheKey());
      const changed = { ...JSON.parse(String(kept)), consciousness_level: 2 };
      await stack.clients.redis.set(cacheKey(), JSON.stringify(changed), 'EX', 3_600);
    },
    repair: () => stack.clients.redis.set(cacheKey(), String(kept), 'EX', 3_600),
    found: () => `redis: user ${user(3).id} has consciousness level 2 instead of 0`,
  },
  {
    name: 'Redis: a cache entry that is no JSON',
    cause: async () => {
      kept = await stack.clients.redis.get(cacheKey());
      await stack.clients.redis.set(cacheKey(), '{', 'EX', 3_600);
    },
    repair: () => stack.clients.redis.set(cacheKey(), String(kept), 'EX', 3_600),
    found: () => new RegExp(`redis: user ${user(3).id} is missing`),
  },
  {
    name: 'Qdrant: a vector that is gone',
    cause: () => stack.clients.qdrant.delete('knowledge_vectors', { wait: true, points: [knowledgePointId(vector)] }),
    repair: () => upsertVector(knowledgePointId(vector)),
    found: () => `qdrant: knowledge ${vector.knowledgeId} is missing`,
  },
  {
    name: 'Qdrant: a knowledge item that is there twice',
    cause: () => upsertVector(pointIdOfTwin),
    repair: () => stack.clients.qdrant.delete('knowledge_vectors', { wait: true, points: [pointIdOfTwin] }),
    found: () => `qdrant: knowledge ${vector.knowledgeId} is there more than once`,
  },
  {
    name: 'Qdrant: a level of a user',
    cause: () => setSiliconLevel(user(2), 3),
    repair: () => setSiliconLevel(user(2), 0),
    found: () => `qdrant: user ${user(2).id} has silicon level 3 instead of 0`,
  },
];

function upsertVector(id: string): Promise<unknown> {
  const payload = { knowledge_id: vector.knowledgeId, silicon_level: vector.siliconLevel };
  const points = [{ id, vector: [...vector.vector], payload }];
  return stack.clients.qdrant.upsert('knowledge_vectors', { wait: true, points });
}

function setSiliconLevel({ id }: User, level: number): Promise<unknown> {
  return stack.clients.qdrant.setPayload('user_vectors', {
    wait: true,
    points: [id],
    payload: { silicon_level: level },
  });
}

test('a stack that was just loaded agrees, and each store is asked', async () => {
  const report = await check();
  expect(report).toMatchObject({ ok: true, differences: [] });
  expect(report.checks.map(({ name }) => name)).toEqual([
    'postgresql holds each user',
    'postgresql holds each knowledge',
    'mongodb holds each content',
    'mongodb holds each conversation',
    'neo4j holds each user',
    'neo4j holds each concept',
    'neo4j holds each knowledge',
    'redis holds each user',
    'qdrant holds each user',
    'qdrant holds each knowledge',
  ]);
  expect(report.checks.filter(({ compared }) => compared < 216)).toEqual([]);
  expect(await checkInParts()).toEqual(report);
});

test('a stack is checked by its handle, whole or engine by engine', async () => {
  expect(await checkStack(stack)).toEqual(await check());
  const { checks } = await checkStack(stack, { engines: ['redis'] });
  expect(checks).toEqual([{ name: 'redis holds each user', compared: dataset.counts.users, differences: 0 }]);
});

describe('one record that is wrong in one store is found and named', () => {
  test.each(damages)('$name', async ({ cause, repair, found }) => {
    await cause();
    try {
      const report = await check();
      expect(report.ok).toBe(false);
      const expected = found();
      if (typeof expected === 'string') expect(report.differences).toEqual([expected]);
      else expect(report.differences.join('\n')).toMatch(expected);
      const inParts = await checkInParts();
      expect({ ...inParts, differences: inParts.differences.toSorted() }).toEqual({
        ...report,
        differences: report.differences.toSorted(),
      });
    } finally {
      // What were not as before would be a difference in each of the tests that come after it.
      await repair();
    }
  });
});

test('many differences are counted, and the first ones named in the error', async () => {
  const { redis } = stack.clients;
  const keys = users.slice(0, 50).map(({ id }) => `user:${id}`);
  const values = await redis.mget(keys);
  await redis.del(keys);
  const error = await requireAgreement(engines, running, dataset).catch((thrown) => thrown);
  for (const [index, key] of keys.entries()) await redis.set(key, String(values[index]), 'EX', 3_600);
  expect(error).toMatchObject({ code: 'CROSS_STORE_DIFFERENT', message: 'The stores disagree in 50 places.' });
  expect(error.evidence.split('\n')).toHaveLength(20);
});
