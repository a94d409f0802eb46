import type { OfferedReads } from '../../contract/bench/platform-reads.ts';
import { searchKnowledge } from '../schema/search.ts';
import { openClient } from '../server/connection.ts';
import { missingCollections } from './query-paths/collection-plan.ts';

/** Knowledge by what it is like. */
export const platformReads: OfferedReads = {
  names: ['similarKnowledge', 'someKnowledgeVectors'],
  reads: { similarKnowledge: ['knowledge_vectors'] },
  missing: (running) => missingCollections(running, 'knowledge_vectors', 768),
  open: async (running) => {
    const client = openClient(running);
    return {
      similarKnowledge: async (vector) => (await searchKnowledge(client, vector)).map(({ knowledgeId }) => knowledgeId),
      someKnowledgeVectors: async (limit) => {
        const { points } = await client.scroll('knowledge_vectors', { limit, with_vector: true, with_payload: false });
        return points.map(({ vector }) => vector as number[]);
      },
      [Symbol.asyncDispose]: async () => {},
    };
  },
};
