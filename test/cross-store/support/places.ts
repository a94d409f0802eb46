import { randomUUID } from 'node:crypto';
import type { Document } from 'mongodb';
import { type DatabaseName, openPrimary } from '../../../sandbox/engines/postgresql/server/connection.ts';
import { knowledgePointId, userPointId } from '../../../sandbox/engines/qdrant/data/points.ts';
import type { Stack } from '../../../sandbox/stack/create-stack.ts';
import type { Dataset } from '../../../seeds/dataset.ts';
import { rowsOf } from '../../seeds/rows.ts';

/** A key of a place: several columns are one key. */
export type Key = readonly string[];

/** What a service may do in one place of a store. */
export interface Place {
  readonly store: string;
  readonly holding: string;
  /** Rows that the seeding put there. */
  readonly keys: readonly Key[];
  /** Ways to change one of them. */
  readonly changes: readonly ((key: Key) => Promise<unknown>)[];
  readonly remove: (key: Key) => Promise<unknown>;
  /** Adds one under a name that nobody has. */
  readonly add: (name: string) => Promise<unknown>;
  /** What else goes with one, as `store holding` and keys. */
  readonly goesAlong?: (key: Key) => readonly { readonly place: string; readonly key: Key }[];
}

type Clients = Stack['clients'];

export async function everyPlace(stack: Stack, dataset: Dataset): Promise<readonly Place[]> {
  return [
    ...(await placesOfPostgresql(stack, dataset)),
    ...(await placesOfMongodb(stack.clients, dataset)),
    ...(await placesOfNeo4j(stack.clients, dataset)),
    ...(await placesOfRedis(stack.clients, dataset)),
    ...(await placesOfQdrant(stack.clients, dataset)),
  ];
}

/** Elements of 768 and 512 numbers that no vector of the dataset is. */
const flat = (dimension: number) => Array.from({ length: dimension }, () => 1 / Math.sqrt(dimension));

async function placesOfPostgresql({ engines }: Stack, dataset: Dataset): Promise<readonly Place[]> {
  const run = async (database: DatabaseName, statement: string, values: readonly unknown[]) => {
    await using opened = await openPrimary(engines.postgresql, { database });
    const { rowCount } = await opened.client.query(statement, [...values]);
    if (rowCount !== 1) throw new Error(`${rowCount} rows: ${statement}`);
  };
  const [users, preferences, sessions, permissions, vectors, locations, days] = await Promise.all([
    rowsOf('users', dataset),
    rowsOf('userPreferences', dataset),
    rowsOf('userSessions', dataset),
    rowsOf('userPermissions', dataset),
    rowsOf('knowledgeVectors', dataset),
    rowsOf('userLocations', dataset),
    rowsOf('dailyActivity', dataset),
  ]);
  const owner = users[0]?.id ?? '';
  // Whoever has granted something cannot be removed.
  const granters = new Set(permissions.map(({ grantedBy }) => grantedBy));
  const ownedBy = (place: string, rows: readonly { readonly id: string; readonly userId: string }[]) => (id?: string) =>
    rows.filter(({ userId }) => userId === id).map((row) => ({ place: `postgresql ${place}`, key: [row.id] }));
  const owned = [
    ownedBy('user_preferences', preferences),
    ownedBy('user_sessions', sessions),
    ownedBy('user_permissions', permissions),
  ];
  const table = (
    database: DatabaseName,
    holding: string,
    columns: readonly string[],
    keys: readonly Key[],
    sets: readonly string[],
    insert: string,
    values: readonly unknown[] = [],
  ): Place => {
    const where = columns.map((column, index) => `${column} = $${index + 1}`).join(' AND ');
    return {
      store: 'postgresql',
      holding,
      keys,
      changes: sets.map((set) => (key) => run(database, `UPDATE ${holding} SET ${set} WHERE ${where}`, key)),
      remove: (key) => run(database, `DELETE FROM ${holding} WHERE ${where}`, key),
      add: (name) => run(database, `INSERT INTO ${holding} ${insert}`, [name, ...values]),
    };
  };
  const ids = (rows: readonly { readonly id: string }[]): readonly Key[] => rows.map(({ id }) => [id]);
  const flatVector = 'array_fill(0.5::real, ARRAY[768])::vector';
  return [
    {
      ...table(
        'taishang_users',
        'users',
        ['id'],
        ids(users.filter(({ id }) => id !== owner && !granters.has(id))),
        ["email = 'x' || email", 'silicon_level = (silicon_level + 1) % 6', 'metadata = \'{"a": 1}\'', 'phone = NULL'],
        "(username, email, password_hash) VALUES ($1::text, $1::text || '@x.invalid', '-')",
      ),
      goesAlong: ([id]) => owned.flatMap((of) => of(id)),
    },
    table(
      'taishang_users',
      'user_preferences',
      ['id'],
      ids(preferences),
      [`preference_value = '{"changed": true}'`],
      "(preference_key, preference_value, user_id) VALUES ($1, '1', $2)",
      [owner],
    ),
    table(
      'taishang_users',
      'user_sessions',
      ['id'],
      ids(sessions),
      [
        "expires_at = expires_at - interval '1 hour'",
        "ip_address = '10.11.12.13'",
        `user_id = '${owner}', ip_address = NULL, user_agent = 'x'`,
      ],
      '(session_token, expires_at, user_id) VALUES ($1, now(), $2)',
      [owner],
    ),
    table(
      'taishang_users',
      'user_permissions',
      ['id'],
      ids(permissions),
      ['expires_at = now()', "permission_name = 'changed ' || id"],
      '(permission_name, user_id) VALUES ($1, $2)',
      [owner],
    ),
    table(
      'taishang_ai',
      'knowledge_embeddings',
      ['knowledge_id'],
      vectors.map(({ knowledgeId }) => [knowledgeId]),
      [
        "title = left(title, 100) || ' changed'",
        'silicon_level = (silicon_level + 1) % 6',
        `embedding = ${flatVector}`,
      ],
      `(knowledge_id, title, category, silicon_level, embedding) VALUES ($1, 'x', 'x', 1, ${flatVector})`,
    ),
    table(
      'taishang_data',
      'user_locations',
      ['id'],
      ids(locations),
      ["label = 'changed'", 'position = ST_SetSRID(ST_MakePoint(1.5, 2.5), 4326)::geography'],
      '(id, label, user_id, position, recorded_at) VALUES (gen_random_uuid(), $1, $2, ST_SetSRID(ST_MakePoint(1, 2), 4326)::geography, now())',
      [owner],
    ),
    table(
      'taishang_analytics',
      'daily_activity',
      ['user_id', 'day'],
      days.map(({ userId, day }) => [userId, day]),
      ['messages = messages + 1'],
      '(user_id, day, silicon_level, sessions, contents, messages) VALUES (md5($1)::uuid, current_date, 1, 1, 1, 1)',
    ),
  ];
}

async function placesOfMongodb({ mongodb }: Clients, dataset: Dataset): Promise<readonly Place[]> {
  const [contents, conversations] = await Promise.all([rowsOf('contents', dataset), rowsOf('conversations', dataset)]);
  const place = (
    holding: string,
    rows: readonly { readonly id: string }[],
    sets: readonly object[],
    added: object,
  ): Place => {
    const collection = mongodb.db('taishang_content').collection<Document & { _id: string }>(holding);
    return {
      store: 'mongodb',
      holding,
      keys: rows.map(({ id }) => [id]),
      changes: sets.map(
        (set) =>
          ([_id = '']) =>
            collection.updateOne({ _id }, { $set: set }),
      ),
      remove: ([_id = '']) => collection.deleteOne({ _id }),
      add: (name) => collection.insertOne({ _id: name, user_id: 'somebody', created_at: new Date(), ...added }),
    };
  };
  return [
    place(
      'user_contents',
      contents,
      [{ title: 'changed' }, { user_id: 'somebody else' }, { updated_at: new Date(0) }, { tags: ['changed', 'twice'] }],
      { content_type: 'note', title: 'added' },
    ),
    place(
      'ai_conversations',
      conversations,
      [{ user_id: 'somebody else' }, { messages: [] }, { session_id: 'changed' }],
      { session_id: 'added', messages: [] },
    ),
  ];
}

async function placesOfNeo4j({ neo4j }: Clients, dataset: Dataset): Promise<readonly Place[]> {
  const run = (statement: string, parameters: object = {}) => neo4j.executeQuery(statement, parameters);
  const [users, concepts, knowledge, relations, learned, interests] = await Promise.all([
    rowsOf('users', dataset),
    rowsOf('concepts', dataset),
    rowsOf('knowledge', dataset),
    rowsOf('conceptRelations', dataset),
    rowsOf('learned', dataset),
    rowsOf('interests', dataset),
  ]);
  const ends: Readonly<Record<string, readonly Key[]>> = {
    LEARNED: learned.map(({ userId, knowledgeId }) => [userId, knowledgeId]),
    ABOUT: knowledge.flatMap(({ id, about }) => about.map(({ concept }) => [id, concept])),
    INTERESTED_IN: interests.map(({ userId, concept }) => [userId, concept]),
    ...Object.fromEntries(
      (['RELATES_TO', 'INFLUENCES', 'PREREQUISITE'] as const).map((type) => [
        type,
        relations.filter(({ kind }) => kind === type).map(({ from, to }) => [from, to]),
      ]),
    ),
  };
  const relationsOf = (key: string | undefined) =>
    Object.entries(ends).flatMap(([type, keys]) =>
      keys.filter((each) => each.includes(key ?? '')).map((each) => ({ place: `neo4j ${type}`, key: each })),
    );
  const reservedIds: Readonly<Record<string, readonly string[]>> = {
    User: users.slice(0, 1).map(({ id }) => id),
    Knowledge: knowledge.slice(0, 1).map(({ id }) => id),
    Concept: concepts.slice(0, 2).map(({ name }) => name),
  };
  const reserved = (from: string, to: string): Key => [
    reservedIds[from]?.[0] ?? '',
    reservedIds[to]?.[from === to ? 1 : 0] ?? '',
  ];
  const node = (label: string, id: string, keys: readonly string[], sets: readonly string[]): Place => ({
    store: 'neo4j',
    holding: label,
    keys: keys.filter((key) => !reservedIds[label]?.includes(key)).map((key) => [key]),
    changes: sets.map(
      (set) =>
        ([key]) =>
          run(`MATCH (n:${label} {${id}: $key}) SET ${set}`, { key }),
    ),
    remove: ([key]) => run(`MATCH (n:${label} {${id}: $key}) DETACH DELETE n`, { key }),
    add: (key) => run(`CREATE (:${label} {${id}: $key})`, { key }),
    goesAlong: ([key]) => relationsOf(key),
  });
  const relationship = (type: string, [from, to]: readonly [string, string], sets: readonly string[]): Place => {
    const [fromId, toId] = [from, to].map((label) => (label === 'Concept' ? 'name' : 'id'));
    const match = `MATCH (:${from} {${fromId}: $a})-[r:${type}]->(:${to} {${toId}: $b})`;
    return {
      store: 'neo4j',
      holding: type,
      keys: (ends[type] ?? []).filter((key) => key.join(' ') !== reserved(from, to).join(' ')),
      changes: sets.map(
        (set) =>
          ([a, b]) =>
            run(`${match} SET ${set}`, { a, b }),
      ),
      remove: ([a, b]) => run(`${match} DELETE r`, { a, b }),
      // Between nodes that nobody removes; where they are related already, once more.
      add: (by) => {
        const [a, b] = reserved(from, to);
        return run(`MATCH (a:${from} {${fromId}: $a}), (b:${to} {${toId}: $b}) CREATE (a)-[:${type} {by: $by}]->(b)`, {
          a,
          b,
          by,
        });
      },
    };
  };
  const levels = ['n.silicon_level = coalesce(n.silicon_level, 0) + 1', 'n.silicon_level = NULL', "n.created_at = 'x'"];
  return [
    node(
      'User',
      'id',
      users.map(({ id }) => id),
      [...levels, "n.name = 'changed'"],
    ),
    node(
      'Concept',
      'name',
      concepts.map(({ name }) => name),
      [...levels, "n.description = 'changed'"],
    ),
    node(
      'Knowledge',
      'id',
      knowledge.map(({ id }) => id),
      [...levels, "n.title = 'changed'"],
    ),
    relationship('LEARNED', ['User', 'Knowledge'], ['r.learned_at = datetime()']),
    relationship('ABOUT', ['Knowledge', 'Concept'], ['r.relevance = -1.0']),
    relationship('INTERESTED_IN', ['User', 'Concept'], ['r.since = NULL']),
    relationship('RELATES_TO', ['Concept', 'Concept'], ['r.strength = -1.0', "r.type = 'changed'"]),
    relationship('INFLUENCES', ['Concept', 'Concept'], ['r.strength = -1.0']),
    relationship('PREREQUISITE', ['Concept', 'Concept'], []),
  ];
}

async function placesOfRedis({ redis }: Clients, dataset: Dataset): Promise<readonly Place[]> {
  const entries = await rowsOf('cacheEntries', dataset);
  return ['user', 'conversation', 'knowledge_graph'].map((space) => ({
    store: 'redis',
    holding: space,
    keys: entries.filter(({ key }) => key.startsWith(`${space}:`)).map(({ key }) => [key]),
    changes: [
      ([key = '']) => redis.set(key, '{"changed": true}', 'KEEPTTL'),
      ([key = '']) => redis.set(key, 'no JSON'),
      async ([key = '']) => {
        await redis.del(key);
        await redis.hset(key, 'of', 'another type');
      },
    ],
    remove: ([key = '']) => redis.del(key),
    add: (name) => redis.set(`${space}:${name}`, '{}'),
  }));
}

async function placesOfQdrant({ qdrant }: Clients, dataset: Dataset): Promise<readonly Place[]> {
  const [knowledge, users] = await Promise.all([rowsOf('knowledgeVectors', dataset), rowsOf('userVectors', dataset)]);
  const place = (holding: string, ids: readonly string[], dimension: number): Place => {
    // Whole points: the stand-in takes no part of one.
    const change = (part: { readonly payload?: object; readonly vector?: readonly number[] }) => async (key: Key) => {
      const [id = ''] = key;
      const [point] = await qdrant.retrieve(holding, { ids: [id], with_payload: true, with_vector: true });
      const { payload, vector } = { ...point, ...part } as { payload: Record<string, unknown>; vector: number[] };
      await qdrant.upsert(holding, { points: [{ id, vector, payload }], wait: true });
    };
    return {
      store: 'qdrant',
      holding,
      keys: ids.map((id) => [id]),
      changes: [
        change({ payload: { silicon_level: 99 } }),
        change({ vector: flat(dimension) }),
        change({ payload: {} }),
      ],
      remove: ([id = '']) => qdrant.delete(holding, { points: [id], wait: true }),
      add: () => qdrant.upsert(holding, { points: [{ id: randomUUID(), vector: flat(dimension) }], wait: true }),
    };
  };
  return [
    place('knowledge_vectors', knowledge.map(knowledgePointId), 768),
    place('user_vectors', users.map(userPointId), 512),
  ];
}
