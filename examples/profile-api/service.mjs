// Profiles of users over HTTP, from all five stores. Everything that it needs to know of them is in its environment.
import { createServer } from 'node:http';
import { QdrantClient } from '@qdrant/js-client-rest';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import neo4j from 'neo4j-driver';
import pg from 'pg';

const { DATABASE_URL, MONGODB_URI, NEO4J_URI, NEO4J_USERNAME, NEO4J_PASSWORD, REDIS_URL, QDRANT_URL, QDRANT_API_KEY } =
  process.env;
const users = new pg.Pool({ connectionString: DATABASE_URL, max: 4 });
const contents = new MongoClient(MONGODB_URI).db().collection('user_contents');
const graph = neo4j.driver(NEO4J_URI, neo4j.auth.basic(NEO4J_USERNAME, NEO4J_PASSWORD));
const cache = new Redis(REDIS_URL);
const vectors = new QdrantClient({ url: QDRANT_URL, apiKey: QDRANT_API_KEY, checkCompatibility: false });

const cachedSeconds = 60;

async function readProfile(id) {
  const cached = await cache.get(`profile:${id}`).catch(() => null);
  if (cached !== null) return { ...JSON.parse(cached), cached: true };
  const { rows } = await users.query('SELECT username, silicon_level FROM users WHERE id = $1', [id]);
  const [user] = rows;
  if (user === undefined) return undefined;
  const [articles, learned, similar] = await Promise.all([
    contents.countDocuments({ user_id: id, content_type: 'article' }),
    graph.executeQuery('MATCH (:User {id: $id})-[:LEARNED]->(k) RETURN count(k) AS learned', { id }),
    vectors.count('user_vectors', { filter: { must: [{ key: 'user_id', match: { value: id } }] }, exact: true }),
  ]);
  const profile = {
    username: user.username,
    siliconLevel: user.silicon_level,
    articles,
    learned: learned.records[0].get('learned').toNumber(),
    vectors: similar.count,
  };
  await cache.set(`profile:${id}`, JSON.stringify(profile), 'EX', cachedSeconds).catch(() => {});
  return { ...profile, cached: false };
}

/** PostgreSQL decides; the graph follows, and what is cached is forgotten. */
async function setLevel(id, level) {
  const { rowCount } = await users.query('UPDATE users SET silicon_level = $2 WHERE id = $1', [id, level]);
  if (rowCount === 0) return undefined;
  await graph.executeQuery('MATCH (u:User {id: $id}) SET u.silicon_level = toInteger($level)', { id, level });
  await cache.del(`profile:${id}`);
  return { siliconLevel: level };
}

const server = createServer(async (request, response) => {
  try {
    const [, room, id] = request.url.split('/');
    const found =
      room !== 'profiles'
        ? undefined
        : request.method === 'GET'
          ? await readProfile(id)
          : await setLevel(id, Number(await bodyOf(request)));
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(found ?? { error: 'not found' }));
  } catch (thrown) {
    // 23514: a check of the schema refuses the value (PostgreSQL, appendix A).
    response.writeHead(thrown.code === '23514' ? 422 : 500).end(JSON.stringify({ error: thrown.message }));
  }
});

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => console.log(server.address().port));
