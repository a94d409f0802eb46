import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { importDataset } from '../../sandbox/dataset/import-dataset.ts';
import { rowFileOf } from '../../sandbox/dataset/read/row-file.ts';
import { type FileFormat, rowEncoders } from '../../sandbox/dataset/read/row-files.ts';
import { knowledgePointId } from '../../sandbox/engines/qdrant/data/points.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import type { Entities, EntityName, KnowledgeVector } from '../../seeds/entities.ts';
import { rowsOf } from '../seeds/rows.ts';

// Each starts engines of its own, Neo4j among them.
vi.setConfig({ testTimeout: 300_000 });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taishang-load-files-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('rows from a file are in the stores afterwards, and the stores agree', async () => {
  const path = join(folder, 'people.ndjson');
  // The index over the vectors of `small` takes longer than all else, and says nothing here.
  const base = createDataset({ size: { knowledge: 216 } });
  const users = (await rowsOf('users', base)).slice(100, 140);
  await writeFile(path, users.map((user) => `${JSON.stringify(user)}\n`).join(''));
  const { dataset } = await importDataset({ files: [await rowFileOf(`users=${path}`)], base });
  await using stack = await createStack({ engines: ['postgresql', 'redis'], dataset });
  expect(stack.crossStore).toMatchObject({ ok: true });
  expect(stack.crossStore?.checks.map(({ name, compared }) => [name, compared])).toContainEqual([
    'redis holds each user',
    40,
  ]);
  const cached = await stack.clients.redis.get(`user:${users[7]?.id}`);
  expect(JSON.parse(cached ?? '{}').email).toBe(users[7]?.email);
});

/** Writes rows as an export does. */
async function fileOf<Name extends EntityName>(entity: Name, format: FileFormat, rows: readonly Entities[Name][]) {
  const encoder = rowEncoders[format](entity);
  const path = join(folder, `${entity}.${format}`);
  await writeFile(path, Buffer.concat([encoder.rows(rows), encoder.end()]));
  return rowFileOf(path);
}

test('contents, graph and vectors from files are in MongoDB, Neo4j and Qdrant afterwards, and the stores agree', async () => {
  const base = createDataset({ size: { users: 300, contents: 200, conversations: 60, knowledge: 120 } });
  const at = new Date('2026-03-04T05:06:07.089Z');
  const users = (await rowsOf('users', base)).slice(50, 90);
  const userIds = users.map(({ id }) => id);
  const contents = (await rowsOf('contents', base)).slice(0, 30).map((content, index) => ({
    ...content,
    userId: userIds[index % 7] ?? '',
    title: `from a file, "${index}"\nsecond line`,
    tags: [`tag ${index}`, 'a,b'],
    metadata: { nested: { index, none: null } },
    createdAt: at,
  }));
  const conversations = (await rowsOf('conversations', base)).slice(0, 5).map((conversation) => ({
    ...conversation,
    userId: userIds[3] ?? '',
  }));
  const [first, second] = await rowsOf('concepts', base);
  const about = [
    { concept: first?.name ?? '', relevance: 1 },
    { concept: second?.name ?? '', relevance: 0.125 },
  ];
  const knowledge = (await rowsOf('knowledge', base))
    .slice(0, 10)
    .map((item, index) => ({ ...item, title: `item ${index}, "quoted"`, about }));
  const learned = knowledge.map(({ id }, index) => ({ userId: userIds[index] ?? '', knowledgeId: id, learnedAt: at }));
  const vectors = (await rowsOf('knowledgeVectors', base))
    .slice(20, 30)
    .map(({ vector }, index) => ({ vector, item: knowledge[index] }));
  const knowledgeVectors = (await rowsOf('knowledgeVectors', base)).slice(0, 10).map((row, index) => ({
    ...row,
    title: vectors[index]?.item?.title ?? '',
    vector: vectors[index]?.vector ?? row.vector,
  }));

  const files = await Promise.all([
    fileOf('users', 'csv', users),
    fileOf('contents', 'csv', contents),
    fileOf('conversations', 'ndjson', conversations),
    fileOf('knowledge', 'ndjson', knowledge),
    fileOf('learned', 'csv', learned),
    fileOf('knowledgeVectors', 'csv', knowledgeVectors),
  ]);
  const { dataset } = await importDataset({ files, base });
  await using stack = await createStack({ engines: ['mongodb', 'neo4j', 'qdrant'], dataset });
  const { mongodb, neo4j, qdrant } = stack.clients;

  expect(stack.crossStore).toMatchObject({ ok: true, differences: [] });
  const compared = new Map(stack.crossStore?.checks.map((check) => [check.name, check.compared]));
  expect(compared.get('mongodb holds each content')).toBe(30);
  expect(compared.get('neo4j holds each user')).toBe(40);
  expect(compared.get('qdrant holds each knowledge')).toBe(10);

  const database = mongodb.db('taishang_content');
  const documents = await database.collection<{ _id: string }>('user_contents').find().toArray();
  expect(documents).toHaveLength(30);
  const [content] = contents;
  expect(documents.find(({ _id }) => _id === content?.id)).toMatchObject({
    user_id: content?.userId,
    title: content?.title,
    tags: content?.tags,
    metadata: content?.metadata,
    created_at: at,
  });
  expect(await database.collection('ai_conversations').countDocuments()).toBe(5);

  const { records } = await neo4j.executeQuery(
    `MATCH (u:User)-[l:LEARNED]->(k:Knowledge {id: $id})-[a:ABOUT]->(c:Concept)
     RETURN u.id AS user, k.title AS title, toString(l.learned_at) AS at, c.name AS concept, a.relevance AS relevance
     ORDER BY relevance DESC`,
    { id: knowledge[4]?.id },
  );
  expect(records.map((record) => record.toObject())).toEqual(
    about.map((each) => ({ user: userIds[4], title: knowledge[4]?.title, at: '2026-03-04T05:06:07.089Z', ...each })),
  );

  const wanted = knowledgeVectors[6] as KnowledgeVector;
  const [point] = await qdrant.retrieve('knowledge_vectors', { ids: [knowledgePointId(wanted)], with_vector: true });
  expect(point?.payload).toMatchObject({ knowledge_id: wanted.knowledgeId, title: wanted.title });
  const found = point?.vector as number[];
  expect(Math.max(...found.map((value, index) => Math.abs(value - (wanted.vector[index] ?? 2))))).toBeLessThan(1e-5);
  // Vectors of users were not given: they are made from the users that were.
  expect((await qdrant.count('user_vectors', { exact: true })).count).toBe(40);
});
