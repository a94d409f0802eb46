import type { ByKind, RecallSearch } from '../../../contract/bench/query-path.ts';
import type { ReachableEngine } from '../../../contract/topology.ts';
import { openPrimary } from '../../server/connection.ts';
import { rolledBack, statementOf } from './sql-path.ts';

export interface Question {
  /** As pgvector reads it. */
  readonly vector: string;
  readonly category: string;
}

const k = 10;

/** pgvector's own width (its documentation, "HNSW", "Query Options"). */
const defaultEf = 40;

/** Searches with another width, and exactly, on a connection of their own, under the same filter as the path's. */
export async function vectorRecall(
  running: ReachableEngine,
  { hot, cold }: ByKind<readonly Question[]>,
  filtered: boolean,
): Promise<{ readonly recall: RecallSearch } & AsyncDisposable> {
  const opened = await openPrimary(running, { database: 'taishang_ai', role: 'taishang_ai_user' });
  const { client } = opened;
  const statement = await statementOf(filtered ? 'recall-of-category' : 'recall');
  const questions = [...hot, ...cold];
  const exact = 'SET LOCAL enable_indexscan = off';
  // The width is that of HNSW: a planner that would rather read the table must not. With a filter it goes on, as the path's.
  const approximate = `SET LOCAL enable_seqscan = off; SET LOCAL hnsw.iterative_scan = ${filtered ? 'strict_order' : 'off'}`;
  const search = (iteration: number, ef: number | null) =>
    rolledBack(client, async () => {
      await client.query(ef === null ? exact : `SET LOCAL hnsw.ef_search = ${ef}; ${approximate}`);
      const { vector, category } = questions[iteration % questions.length] as Question;
      const values = filtered ? [vector, category] : [vector];
      return (await client.query<{ knowledge_id: string }>(statement, values)).rows.map((row) => row.knowledge_id);
    });
  return {
    recall: { k, queries: Math.min(36, questions.length), ownEf: defaultEf, efs: [10, 20, 40, 80, 160, 320], search },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}
