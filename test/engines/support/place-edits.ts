import { randomUUID } from 'node:crypto';
import type { QdrantClient } from '@qdrant/js-client-rest';
import type { Db } from 'mongodb';
import type { Driver } from 'neo4j-driver';

/** What a test may do to a store of its own. */
export interface Edit<Client> {
  readonly name: string;
  readonly run: (client: Client) => Promise<unknown>;
}

const content = (id: string) => ({ _id: id, user_id: 'u', content_type: 'note', title: id, created_at: new Date(0) });

type WithTextId = { _id: string };

export const mongodbEdits: readonly Edit<Db>[] = [
  edit('a document more', (database) => contents(database).insertOne(content(randomUUID()))),
  edit('many documents more', (database) =>
    contents(database).insertMany(Array.from({ length: 1_500 }, () => content(randomUUID()))),
  ),
  edit('a field of some documents', (database) => contents(database).updateMany({}, { $set: { title: randomUUID() } })),
  edit('documents fewer', async (database) => {
    const some = await contents(database).find().limit(7).toArray();
    await contents(database).deleteMany({ _id: { $in: some.map(({ _id }) => _id) } });
    // Whatever an earlier edit has left of them.
    await contents(database).insertOne(content(randomUUID()));
  }),
  edit('no documents', async (database) => {
    await database.collection<WithTextId>('ai_conversations').deleteMany({});
  }),
  edit('an index more', (database) => contents(database).createIndex({ [`field_${randomUUID()}`]: 1 })),
  edit('an index fewer', async (database) => {
    const indexes = await contents(database).listIndexes().toArray();
    if (indexes.some(({ name }) => name === 'tags_1')) await contents(database).dropIndex('tags_1');
  }),
  edit('the same index in another order', async (database) => {
    await contents(database).dropIndexes();
    await contents(database).createIndex({ created_at: -1, user_id: 1 }, { name: 'user_id_1_created_at_-1' });
  }),
  edit('another validator', (database) =>
    database.command({ collMod: 'user_contents', validator: {}, validationLevel: 'moderate' }),
  ),
  edit('a collection more', (database) => database.createCollection(`more_${randomUUID()}`)),
  edit('a capped collection more', (database) =>
    database.createCollection(`capped_${randomUUID()}`, { capped: true, size: 4_096 }),
  ),
  edit('a collection fewer', (database) => database.collection('data_statistics').drop().catch(unlessGone)),
  edit('a collection under another name', async (database) => {
    await database.collection('backup_logs').drop().catch(unlessGone);
    await database.createCollection('backup_logs', { capped: true, size: 4_096 });
  }),
  edit('no collection', (database) => database.dropDatabase()),
];

function edit<Client>(name: string, run: (client: Client) => Promise<unknown>): Edit<Client> {
  return { name, run };
}

function contents(database: Db) {
  return database.collection<WithTextId & { title?: string }>('user_contents');
}

function unlessGone(thrown: { readonly code?: unknown }): void {
  // `NamespaceNotFound` of the server's error codes.
  if (thrown.code !== 26) throw thrown;
}

const vector = () => Array.from({ length: 512 }, (_, index) => (index === 0 ? 1 : 0));
const point = () => ({ id: randomUUID(), vector: vector(), payload: { user_id: 'u' } });
const all = { must: [] };

async function somePoints(client: QdrantClient) {
  const { points } = await client.scroll('user_vectors', { limit: 7, with_vector: true });
  return points.map(({ id, payload = {}, vector: numbers }) => ({ id, payload, vector: numbers as number[] }));
}

export const qdrantEdits: readonly Edit<QdrantClient>[] = [
  edit('a point more', (client) => client.upsert('user_vectors', { wait: true, points: [point()] })),
  edit('many points more', (client) =>
    client.upsert('user_vectors', { wait: true, points: Array.from({ length: 300 }, point) }),
  ),
  edit('points fewer', (client) => client.delete('knowledge_vectors', { wait: true, filter: all })),
  edit('another payload', (client) =>
    client.setPayload('user_vectors', { wait: true, payload: { more: randomUUID() }, filter: all }),
  ),
  edit('payload fewer', (client) =>
    client.deletePayload('user_vectors', { wait: true, keys: ['learning_style'], filter: all }),
  ),
  edit('no payload of some points', async (client) => {
    const points = (await somePoints(client)).map(({ id }) => id);
    await client.clearPayload('user_vectors', { wait: true, points });
  }),
  edit('other vectors of points that stay', async (client) => {
    const points = (await somePoints(client)).map((each) => ({ ...each, vector: vector() }));
    await client.upsert('user_vectors', { wait: true, points });
  }),
  edit('points made anew with another payload', async (client) => {
    const points = await somePoints(client);
    await client.delete('user_vectors', { wait: true, points: points.map(({ id }) => id) });
    const payload = { more: randomUUID() };
    await client.upsert('user_vectors', { wait: true, points: points.map((each) => ({ ...each, payload })) });
  }),
  edit('a payload index more', (client) =>
    client.createPayloadIndex('user_vectors', { field_name: 'more', field_schema: 'keyword', wait: true }),
  ),
  edit('a payload index fewer', (client) => client.deletePayloadIndex('user_vectors', 'user_id', { wait: true })),
  edit('a collection more', (client) =>
    client.createCollection(`more_${randomUUID()}`, { vectors: { size: 4, distance: 'Dot' } }),
  ),
  edit('a collection made anew in its own way', async (client) => {
    await client.deleteCollection('user_vectors');
    await client.createCollection('user_vectors', { vectors: { size: 512, distance: 'Cosine' } });
  }),
  edit('other metadata', (client) => client.updateCollection('user_vectors', { metadata: { more: randomUUID() } })),
  edit('an alias', (client) =>
    client.updateCollectionAliases({
      actions: [{ create_alias: { alias_name: `alias_${randomUUID()}`, collection_name: 'user_vectors' } }],
    }),
  ),
  edit('an alias in the place of a collection', async (client) => {
    await client.deleteCollection('user_vectors');
    const alias = { alias_name: 'user_vectors', collection_name: 'knowledge_vectors' };
    await client.updateCollectionAliases({ actions: [{ create_alias: alias }] });
  }),
  edit('a snapshot', (client) => client.createSnapshot('user_vectors')),
];

export const neo4jEdits: readonly Edit<Driver>[] = [
  edit('nodes more', (driver) => driver.executeQuery('CREATE (:Thing {a: 1.0})-[:KNOWS]->(:User {id: randomUUID()})')),
  edit('nodes fewer', (driver) => driver.executeQuery('MATCH (n:User) WITH n LIMIT 3 DETACH DELETE n CREATE (:Gone)')),
  edit('keys in a circle', (driver) =>
    driver.executeQuery(
      `MATCH (n:Concept) WITH collect(n) AS nodes, collect(n.name) AS names FOREACH (n IN nodes | SET n.name = null)
       WITH nodes, names UNWIND range(0, size(nodes) - 1) AS i WITH nodes[i] AS n, names[(i + 1) % size(names)] AS name
       SET n.name = name`,
    ),
  ),
  edit('another label', (driver) => driver.executeQuery('MATCH (n:Knowledge) SET n:Odd REMOVE n:Knowledge')),
  edit('another type of a value', (driver) =>
    driver.executeQuery('MATCH (n:Concept) SET n.silicon_level = toFloat(n.silicon_level), n.more = [1]'),
  ),
  edit('relationships', (driver) =>
    driver.executeQuery('MATCH ()-[r:ABOUT]->() DELETE r WITH count(r) AS gone CREATE ()-[:ABOUT]->()'),
  ),
  edit('properties of relationships', (driver) => driver.executeQuery('MATCH ()-[r]->() SET r.more = date()')),
  edit('a constraint fewer', (driver) => driver.executeQuery('DROP CONSTRAINT user_id_unique IF EXISTS')),
  edit('a constraint more', (driver) =>
    driver.executeQuery('CREATE CONSTRAINT odd IF NOT EXISTS FOR (n:Thing) REQUIRE n.a IS UNIQUE'),
  ),
  edit('another index of the same name', async (driver) => {
    await driver.executeQuery('DROP INDEX user_silicon_level IF EXISTS');
    await driver.executeQuery('CREATE INDEX user_silicon_level FOR (n:User) ON (n.name)');
  }),
  edit('no nodes', (driver) => driver.executeQuery('MATCH (n) DETACH DELETE n')),
];
