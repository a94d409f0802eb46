import { afterAll, beforeAll, expect, test } from 'vitest';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { type StackFolder, stackFolder } from '../support/command.ts';
import { writeFiles } from './support/write-files.ts';

/** A library's stack, with files of each kind that is no SQL. */
let folder: StackFolder;
let stack: Stack<'neo4j' | 'redis' | 'qdrant'>;

const graph = `// Nodes; and their key
CREATE CONSTRAINT order_id FOR (o:Order) REQUIRE o.id IS UNIQUE; // of each\r
CREATE (:Order {id: 1, note: 'a;\r
b // c'}); CREATE (:Order {id: 2}) /* the last; */;\r
`;

beforeAll(async () => {
  folder = await stackFolder();
  await writeFiles(folder.path, {
    'graph/1.cypher': graph,
    'redis/1.mjs': "export const up = (client) => client.set('flag', 'on');",
    'redis/2.js': "module.exports = { async up(client) { await client.append('flag', '!'); }, async down() {} };",
    'vectors/1.cjs': `exports.up = (client) =>
      client.createCollection('orders', { vectors: { size: 3, distance: 'Dot' } });`,
  });
  stack = await createStack({
    directory: folder.path,
    engines: ['neo4j', 'redis', 'qdrant'],
    size: 'none',
    migrations: {
      neo4j: { folder: 'graph', platformSchema: false },
      redis: { folder: 'redis' },
      qdrant: {
        folder: 'vectors',
        platformSchema: false,
        seed: ({ client }) => client.upsert('orders', { wait: true, points: [{ id: 1, vector: [1, 2, 3] }] }),
      },
    },
  });
});

afterAll(async () => {
  await stack?.dispose();
  await folder?.[Symbol.asyncDispose]();
});

test("Neo4j has the statements of a file, in place of the platform's schema", async () => {
  const { records } = await stack.clients.neo4j.executeQuery('MATCH (n) RETURN n.id AS id, n.note AS note ORDER BY id');
  expect(records.map((record) => [Number(record.get('id')), record.get('note')])).toEqual([
    [1, 'a;\r\nb // c'],
    [2, null],
  ]);
  const constraints = await stack.clients.neo4j.executeQuery('SHOW CONSTRAINTS YIELD name RETURN name');
  expect(constraints.records.map((record) => record.get('name'))).toEqual(['order_id']);
});

test('Redis and Qdrant have what modules make of them, and Qdrant that alone', async () => {
  expect(await stack.clients.redis.get('flag')).toBe('on!');
  const { collections } = await stack.clients.qdrant.getCollections();
  expect(collections).toEqual([{ name: 'orders' }]);
  expect(await stack.clients.qdrant.count('orders')).toEqual({ count: 1 });
});
