import type { ReadBack, SharedRow } from '../engine.ts';
import type { RunningEngine } from '../topology.ts';
import { openPrimary } from './connection.ts';

export const readBack: ReadBack = { user: readUsers, knowledge: readKnowledge };

async function* readUsers(running: RunningEngine): AsyncGenerator<SharedRow> {
  await using opened = await openPrimary(running, { database: 'taishang_users' });
  const { rows } = await opened.client.query<{ id: string; silicon: number; consciousness: number; thinking: number }>(
    'SELECT id, silicon_level AS silicon, consciousness_level AS consciousness, thinking_level AS thinking FROM users',
  );
  for (const { id, ...levels } of rows) yield { id, levels };
}

async function* readKnowledge(running: RunningEngine): AsyncGenerator<SharedRow> {
  await using opened = await openPrimary(running, { database: 'taishang_ai' });
  const { rows } = await opened.client.query<{ id: string; silicon: number }>(
    'SELECT knowledge_id AS id, silicon_level AS silicon FROM knowledge_embeddings',
  );
  for (const { id, silicon } of rows) yield { id, levels: { silicon } };
}
