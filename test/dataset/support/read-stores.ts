import { BSON } from 'mongodb';
import neo4j from 'neo4j-driver';
import { openPrimary } from '../../../sandbox/engines/postgresql/server/connection.ts';
import type { Stack } from '../../../sandbox/stack/create-stack.ts';
import { addressOf, canonical, parseJson } from './canonical.ts';

/** What a place of a store holds: the text of each thing, by its key. */
export type Held = Readonly<Record<string, Readonly<Record<string, string>>>>;

const ms = (column: string) => `(extract(epoch FROM ${column}) * 1000)::numeric::bigint::text AS ${column}`;
const statements: readonly (readonly [place: string, database: string, statement: string])[] = [
  [
    'users',
    'taishang_users',
    `SELECT id::text AS key, username, email, password_hash, full_name, avatar_url, phone, status, silicon_level, consciousness_level, thinking_level, ${ms('created_at')}, ${ms('updated_at')}, ${ms('last_login_at')}, metadata::text AS json FROM users`,
  ],
  [
    'userPreferences',
    'taishang_users',
    `SELECT id::text AS key, user_id::text, preference_key, preference_value::text AS json, ${ms('created_at')}, ${ms('updated_at')} FROM user_preferences`,
  ],
  [
    'userSessions',
    'taishang_users',
    `SELECT id::text AS key, user_id::text, session_token, device_info::text AS json, host(ip_address) AS ip_address, user_agent, ${ms('expires_at')}, ${ms('created_at')}, ${ms('last_accessed_at')} FROM user_sessions`,
  ],
  [
    'userPermissions',
    'taishang_users',
    `SELECT id::text AS key, user_id::text, permission_name, resource_type, resource_id, ${ms('granted_at')}, granted_by::text, ${ms('expires_at')} FROM user_permissions`,
  ],
  [
    'embeddings',
    'taishang_ai',
    'SELECT knowledge_id AS key, title, category, silicon_level, embedding::text AS json FROM knowledge_embeddings',
  ],
  [
    'userLocations',
    'taishang_data',
    `SELECT id::text AS key, user_id::text, label, ST_X(position::geometry) AS x, ST_Y(position::geometry) AS y, ${ms('recorded_at')} FROM user_locations`,
  ],
  [
    'dailyActivity',
    'taishang_analytics',
    "SELECT user_id::text || ' ' || to_char(day, 'YYYY-MM-DD') AS key, silicon_level, sessions, contents, messages FROM daily_activity",
  ],
];

async function readTables(stack: Stack): Promise<Held> {
  const held: Record<string, Record<string, string>> = {};
  for (const [place, database, statement] of statements) {
    await using opened = await openPrimary(stack.engines.postgresql, { database: database as 'taishang_users' });
    await opened.client.query('SET extra_float_digits = 1');
    const { rows } = await opened.client.query<Record<string, unknown>>(statement);
    held[place] = Object.fromEntries(
      rows.map(({ key, json, ...columns }) => {
        if ('ip_address' in columns) columns.ip_address = addressOf(columns.ip_address);
        const parsed = json === undefined || json === null ? json : parseJson(String(json));
        return [key, canonical([...Object.values(columns), ...(json === undefined ? [] : [parsed])])];
      }),
    );
  }
  return held;
}

async function readDocuments(stack: Stack): Promise<Held> {
  const read = async (collection: string) => {
    const found = stack.clients.mongodb.db('taishang_content').collection(collection).find({}, { raw: true });
    // As bytes: the driver's own parser stumbles over lists under names like `constructor`.
    const documents = (await found.toArray()).map((bytes) =>
      BSON.deserialize(bytes as unknown as Buffer, { useBigInt64: true }),
    );
    return Object.fromEntries(documents.map(({ _id, ...fields }) => [String(_id), canonical(fields)]));
  };
  return { contents: await read('user_contents'), conversations: await read('ai_conversations') };
}

const graph: Readonly<Record<string, string>> = {
  graphUsers:
    'MATCH (n:User) RETURN n.id AS key, [n.name, n.silicon_level, n.consciousness_level, n.thinking_level, n.created_at.epochMillis] AS all',
  concepts:
    'MATCH (n:Concept) RETURN n.name AS key, [n.category, n.description, n.silicon_level, n.created_at.epochMillis] AS all',
  knowledge:
    'MATCH (n:Knowledge) RETURN n.id AS key, [n.title, n.content, n.silicon_level, n.knowledge_type, n.created_at.epochMillis, n.updated_at.epochMillis] AS all',
  learned:
    "MATCH (a:User)-[r:LEARNED]->(b:Knowledge) RETURN a.id + ' ' + b.id AS key, [r.learned_at.epochMillis] AS all",
  about: "MATCH (a:Knowledge)-[r:ABOUT]->(b:Concept) RETURN a.id + ' ' + b.name AS key, [r.relevance] AS all",
  interests:
    "MATCH (a:User)-[r:INTERESTED_IN]->(b:Concept) RETURN a.id + ' ' + b.name AS key, [r.since.epochMillis] AS all",
  conceptRelations:
    "MATCH (a:Concept)-[r]->(b:Concept) RETURN type(r) + ' ' + a.name + ' ' + b.name AS key, [r.strength, r.type] AS all",
};

async function readGraph(stack: Stack): Promise<Held> {
  const held: Record<string, Record<string, string>> = {};
  for (const [place, statement] of Object.entries(graph)) {
    const { records } = await stack.clients.neo4j.executeQuery(statement);
    held[place] = Object.fromEntries(
      records.map((record) => [record.get('key'), canonical((record.get('all') as unknown[]).map(plainNumber))]),
    );
  }
  return held;
}

function plainNumber(value: unknown): unknown {
  return neo4j.isInt(value) ? value.toBigInt() : value;
}

async function readCaches(stack: Stack): Promise<Held> {
  const { redis } = stack.clients;
  const cacheEntries: Record<string, string> = {};
  for (const key of await redis.keys('*')) {
    if (!/^(user|conversation|knowledge_graph):/.test(key)) continue;
    const value = await redis.get(key);
    // One that lives for a second may be gone since it was listed.
    if (value !== null) cacheEntries[key] = canonical(value);
  }
  return { cacheEntries };
}

/** A point: its payload, and its vector, which is compared on its own. */
export interface Point {
  readonly payload: string;
  readonly vector: readonly number[];
}

export async function readPoints(stack: Stack, collection: string): Promise<Readonly<Record<string, Point>>> {
  const options = { limit: 10_000, with_payload: true, with_vector: true };
  const { points } = await stack.clients.qdrant.scroll(collection, options);
  return Object.fromEntries(
    points.map(({ id, payload, vector }) => [id, { payload: canonical(payload), vector: vector as number[] }]),
  );
}

/** Everything that the stores hold of the platform's, read with their own drivers; points aside. */
export async function readStores(stack: Stack): Promise<Held> {
  const [tables, documents, nodes, caches] = await Promise.all([
    readTables(stack),
    readDocuments(stack),
    readGraph(stack),
    readCaches(stack),
  ]);
  return { ...tables, ...documents, ...nodes, ...caches };
}
