import { Int32 } from 'mongodb';
import { openPrimary } from '../../../sandbox/engines/postgresql/server/connection.ts';
import type { Stack } from '../../../sandbox/stack/create-stack.ts';

const collections = ['knowledge_vectors', 'user_vectors'] as const;

/** Takes a quarter of what has levels from each store, by the last figure of ids: whatever level it has. */
export async function plantSmallerSample({ engines, clients }: Stack): Promise<void> {
  await using opened = await openPrimary(engines.postgresql, { database: 'taishang_users' });
  await opened.client.query("DELETE FROM users WHERE right(id::text, 1) IN ('0', '1', '2', '3')");
  const { mongodb, neo4j, qdrant } = clients;
  const contents = mongodb.db('taishang_content').collection<{ _id: string }>('user_contents');
  await contents.deleteMany({ _id: { $regex: '[0-3]$' } });
  await neo4j.executeQuery("MATCH (u:User) WHERE right(u.id, 1) IN ['0', '1', '2', '3'] DETACH DELETE u");
  for (const name of collections) {
    const { points } = await qdrant.scroll(name, { limit: 1_000 });
    const some = points.map(({ id }) => id).filter((id) => /[0-3]$/.test(String(id)));
    await qdrant.delete(name, { wait: true, points: some });
  }
}

/** Has everybody of the two lowest levels be at the highest. */
export async function plantDrift({ engines, clients }: Stack): Promise<void> {
  await using opened = await openPrimary(engines.postgresql, { database: 'taishang_users' });
  await opened.client.query('UPDATE users SET silicon_level = 5 WHERE silicon_level IN (0, 1)');
  const { mongodb, neo4j, qdrant } = clients;
  const contents = mongodb.db('taishang_content').collection('user_contents');
  await contents.updateMany(
    { silicon_level: { $in: [0, 1] } },
    { $set: { silicon_level: new Int32(5) } },
    { bypassDocumentValidation: true },
  );
  await neo4j.executeQuery('MATCH (u:User) WHERE u.silicon_level IN [0, 1] SET u.silicon_level = 5');
  for (const name of collections) {
    const filter = { should: [0, 1].map((value) => ({ key: 'silicon_level', match: { value } })) };
    await qdrant.setPayload(name, { wait: true, payload: { silicon_level: 5 }, filter });
  }
}
