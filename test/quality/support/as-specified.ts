import { openPrimary } from '../../../sandbox/engines/postgresql/server/connection.ts';
import type { Stack } from '../../../sandbox/stack/create-stack.ts';
import { daysAgo } from './plant.ts';

/** Figures of the specification's quality monitor, by its own names; `neo4j` where its whole report is lost, and why. */
export interface AsSpecified {
  readonly null_emails: number;
  readonly duplicate_emails: number;
  readonly stale_sessions: number;
  readonly incomplete_contents: number;
  readonly invalid_silicon_levels: number;
  readonly old_conversations: number;
  readonly orphaned_nodes: number;
  readonly duplicate_relations: number;
  readonly neo4j: string;
  readonly keys_without_ttl: number;
  readonly memory_usage_percent: number;
}

/** The specification's own checks, as they are written there: controls, which miss defects or invent some. */
export async function asSpecified(stack: Stack): Promise<AsSpecified> {
  return {
    ...(await ofPostgresql(stack)),
    ...(await ofMongodb(stack)),
    ...(await ofNeo4j(stack)),
    ...(await ofRedis(stack)),
  };
}

async function ofPostgresql({ engines }: Stack) {
  await using opened = await openPrimary(engines.postgresql, { database: 'taishang_users' });
  const readValue = async (statement: string) => {
    const { rows } = await opened.client.query<{ value: string }>(statement);
    return Number(rows[0]?.value);
  };
  return {
    null_emails: await readValue('SELECT COUNT(*) AS value FROM users WHERE email IS NULL'),
    duplicate_emails: await readValue('SELECT COUNT(*) - COUNT(DISTINCT email) AS value FROM users'),
    stale_sessions: await readValue('SELECT COUNT(*) AS value FROM user_sessions WHERE expires_at < NOW()'),
  };
}

async function ofMongodb({ clients }: Stack) {
  const database = clients.mongodb.db('taishang_content');
  const contents = database.collection('user_contents');
  const missing = ['title', 'content', 'user_id'].map((field) => ({ [field]: { $exists: false } }));
  return {
    incomplete_contents: await contents.countDocuments({ $or: missing }),
    invalid_silicon_levels: await contents.countDocuments({ silicon_level: { $not: { $gte: 0, $lte: 5 } } }),
    old_conversations: await database
      .collection('ai_conversations')
      .countDocuments({ created_at: { $lt: daysAgo(90) } }),
  };
}

async function ofNeo4j({ clients }: Stack) {
  const readValue = async (statement: string) =>
    Number((await clients.neo4j.executeQuery(statement)).records[0]?.get('value'));
  const duplicates =
    'MATCH (a)-[r]->(b) WITH a, b, type(r) as rel_type, count(r) as rel_count WHERE rel_count > 1 RETURN sum(rel_count - 1) as value';
  const levels =
    'MATCH (n) WHERE exists(n.silicon_level) AND (n.silicon_level < 0 OR n.silicon_level > 5) RETURN count(n) as value';
  return {
    orphaned_nodes: await readValue('MATCH (n) WHERE NOT (n)--() RETURN count(n) as value'),
    duplicate_relations: await readValue(duplicates),
    neo4j: await readValue(levels).then(
      () => 'all of it',
      (thrown: { readonly code?: string }) => thrown.code ?? '',
    ),
  };
}

async function ofRedis({ clients }: Stack) {
  let staying = 0;
  for (const key of await clients.redis.keys('*')) if ((await clients.redis.ttl(key)) === -1) staying += 1;
  const memory = await clients.redis.info('memory');
  const figure = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(memory)?.[1]);
  const most = figure('maxmemory');
  return { keys_without_ttl: staying, memory_usage_percent: most > 0 ? (figure('used_memory') / most) * 100 : 0 };
}
