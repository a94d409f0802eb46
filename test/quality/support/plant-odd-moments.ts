import { Timestamp } from 'mongodb';
import { openPrimary } from '../../../sandbox/engines/postgresql/server/connection.ts';
import type { Stack } from '../../../sandbox/stack/create-stack.ts';
import { uuidFor } from './plant.ts';

const id = uuidFor(80, 0);

const rows = {
  taishang_users: [
    `INSERT INTO users (id, username, email, password_hash, created_at, silicon_level, consciousness_level, thinking_level)
     VALUES ('${id}', 'odd', 'odd@example.org', '', 'infinity', 0, 0, 0)`,
    `INSERT INTO user_sessions (id, user_id, session_token, created_at, expires_at) VALUES ('${id}', '${id}', 'odd', '9999-12-31', 'infinity')`,
  ],
  taishang_data: [`INSERT INTO user_locations VALUES ('${id}', '${id}', 'odd', 'SRID=4326;POINT(0 0)', '9999-12-31')`],
  taishang_analytics: [`INSERT INTO daily_activity VALUES ('${id}', 'infinity', 0, 0, 0, 0)`],
} as const;

const removed = {
  taishang_users: [`DELETE FROM user_sessions WHERE id = '${id}'`, `DELETE FROM users WHERE id = '${id}'`],
  taishang_data: [`DELETE FROM user_locations WHERE user_id = '${id}'`],
  taishang_analytics: [`DELETE FROM daily_activity WHERE user_id = '${id}'`],
} as const;

/**
 * What is newer than anything that can come, in each store that has to be fresh: moments far ahead and, where nothing
 * refuses them, values that are no moments and are sorted behind all of them. Returns what takes it away again.
 */
export async function plantOddMoments({ engines, clients: { mongodb, neo4j } }: Stack): Promise<() => Promise<void>> {
  const inPostgresql = async (statements: Readonly<Record<string, readonly string[]>>) => {
    for (const [database, texts] of Object.entries(statements)) {
      await using opened = await openPrimary(engines.postgresql, { database });
      for (const text of texts) await opened.client.query(text);
    }
  };
  const collections = ['user_contents', 'ai_conversations'].map((name) =>
    mongodb.db('taishang_content').collection<{ readonly _id: string; readonly created_at: unknown }>(name),
  );
  await inPostgresql(rows);
  for (const collection of collections) {
    const documents = [new Date('9999-12-31'), new Timestamp({ t: 1, i: 1 })];
    await collection.insertMany(
      documents.map((created_at, index) => ({ _id: `odd ${index}`, created_at })),
      { bypassDocumentValidation: true },
    );
  }
  await neo4j.executeQuery(`
    UNWIND [datetime('9999-12-31T00:00:00Z'), '2026', 1767225600000] AS moment
    CREATE (:User {id: 'odd ' + toString(moment), odd: true, created_at: moment}),
           (:Knowledge {id: 'odd ' + toString(moment), odd: true, created_at: moment})`);
  return async () => {
    await inPostgresql(removed);
    for (const collection of collections) await collection.deleteMany({ _id: { $in: ['odd 0', 'odd 1'] } });
    await neo4j.executeQuery('MATCH (x:User|Knowledge {odd: true}) DELETE x');
  };
}
