import type { ReadBack, SharedRow } from '../../contract/data.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { type DatabaseName, openPrimary } from '../server/connection.ts';

export const readBack: ReadBack = { user: readUsers, knowledge: readKnowledge };

/** Rows that are asked for at once. */
const rowsPerFetch = 5_000;

async function* readUsers(running: RunningEngine): AsyncGenerator<SharedRow> {
  const rows = read<{ id: string; silicon: number; consciousness: number; thinking: number }>(
    running,
    'taishang_users',
    'SELECT id, silicon_level AS silicon, consciousness_level AS consciousness, thinking_level AS thinking FROM users',
  );
  for await (const { id, ...levels } of rows) yield { id, levels };
}

async function* readKnowledge(running: RunningEngine): AsyncGenerator<SharedRow> {
  const rows = read<{ id: string; silicon: number }>(
    running,
    'taishang_ai',
    'SELECT knowledge_id AS id, silicon_level AS silicon FROM knowledge_embeddings',
  );
  for await (const { id, silicon } of rows) yield { id, levels: { silicon } };
}

/** Rows of a query through a cursor: the driver by itself holds the whole answer. */
async function* read<Row extends object>(
  running: RunningEngine,
  database: DatabaseName,
  statement: string,
): AsyncGenerator<Row> {
  await using opened = await openPrimary(running, { database });
  await opened.client.query(`BEGIN READ ONLY; DECLARE all_rows NO SCROLL CURSOR FOR ${statement}`);
  for (let hasMore = true; hasMore; ) {
    const { rows } = await opened.client.query<Row>(`FETCH ${rowsPerFetch} FROM all_rows`);
    yield* rows;
    hasMore = rows.length === rowsPerFetch;
  }
}
