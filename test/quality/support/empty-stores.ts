import { openPrimary } from '../../../sandbox/engines/postgresql/server/connection.ts';
import type { Stack } from '../../../sandbox/stack/create-stack.ts';

/** Tables that have to be fresh, or to have something in them, by their databases. */
const tables = {
  taishang_users: 'users, user_sessions',
  taishang_ai: 'knowledge_embeddings',
  taishang_data: 'user_locations',
  taishang_analytics: 'daily_activity',
} as const;

/** Takes out of each store all of what has to be fresh, or to be there. */
export async function emptyStores({ engines, clients }: Stack): Promise<void> {
  for (const [database, names] of Object.entries(tables)) {
    await using opened = await openPrimary(engines.postgresql, { database });
    await opened.client.query(`TRUNCATE ${names} CASCADE`);
  }
  const { mongodb, neo4j, qdrant } = clients;
  for (const name of ['user_contents', 'ai_conversations']) {
    await mongodb.db('taishang_content').collection(name).deleteMany({});
  }
  await neo4j.executeQuery('MATCH (x:User|Concept|Knowledge) DETACH DELETE x');
  for (const name of ['knowledge_vectors', 'user_vectors']) {
    const { points } = await qdrant.scroll(name, { limit: 10_000 });
    await qdrant.delete(name, { wait: true, points: points.map(({ id }) => id) });
  }
}
