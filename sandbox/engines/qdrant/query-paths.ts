import type { Dataset } from '../../../seeds/dataset.ts';
import { knowledgeQueryVector } from '../../../seeds/embeddings.ts';
import type { Levels } from '../../../seeds/entities.ts';
import { categoriesOfCell, knowledgeIdsOf } from '../../../seeds/knowledge.ts';
import type { PlanCheck, PreparedPath, QueryPath } from '../query-path.ts';
import type { RunningEngine } from '../topology.ts';
import { openClient, request, uri } from './connection.ts';
import { knowledgeSearch, searchKnowledge } from './search.ts';

const limit = 10;

/** Cells that the path asks for in turn. */
const cells: readonly Levels[] = Array.from({ length: 36 }, (_, index) => ({
  silicon: index % 6,
  consciousness: Math.floor(index / 6),
  thinking: (index * 5) % 6,
}));

export const queryPaths: readonly QueryPath[] = [
  {
    name: 'similar knowledge',
    description: 'The ten pieces of knowledge of a category most like a vector, above 0.7.',
    prepare,
  },
];

async function prepare(running: RunningEngine, dataset: Dataset): Promise<PreparedPath> {
  const client = openClient(running);
  const questions = cells.map((levels) => {
    const [category] = categoriesOfCell(levels);
    const vector = [...knowledgeQueryVector(levels, category)];
    const body = JSON.stringify(knowledgeSearch(vector, { limit, category }));
    return { levels, category, vector, body };
  });
  const at = (iteration: number) => questions[iteration % questions.length] as (typeof questions)[number];
  const path = '/collections/knowledge_vectors/points/query';
  return {
    run: async (iteration) => {
      const { vector, category } = at(iteration);
      await searchKnowledge(client, vector, { limit, category });
    },
    runBare: async (iteration) => {
      const options = { method: 'POST', body: at(iteration).body, contentType: 'application/json' };
      await (await request(running, path, options)).arrayBuffer();
    },
    checkPlan: () => checkPlan(running, dataset),
    checkAnswer: async () => {
      const { levels, category, vector } = at(0);
      const known = knowledgeIdsOf(dataset.counts.knowledge, levels, category);
      const found = await searchKnowledge(client, vector, { limit, category });
      const expected = `${Math.min(limit, known.length)} of the cluster`;
      const actual = `${found.filter(({ knowledgeId }) => known.includes(knowledgeId)).length} of the cluster`;
      return { expected, actual, ok: expected === actual && found.length === Math.min(limit, known.length) };
    },
    http: {
      url: `${uri(running)}${path}`,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'api-key': running.secrets.apiKey ?? '' },
      body: at(0).body,
    },
    recall: {
      k: limit,
      queries: cells.length,
      efs: [8, 16, 32, 64, 128, 256],
      search: async (iteration, ef) => {
        const { vector, category } = at(iteration);
        const params = ef === null ? { exact: true } : { hnsw_ef: ef };
        const { points } = await client.query('knowledge_vectors', {
          ...knowledgeSearch(vector, { limit, category }),
          params,
        });
        return points.map(({ id }) => String(id));
      },
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/**
 * Qdrant explains no query. What decides is told by the collection: the filtered field is indexed for every point, and
 * below 10,000 kB of vectors a segment is searched whole, not through HNSW (Qdrant's documentation, "Indexing").
 */
async function checkPlan(running: RunningEngine, dataset: Dataset): Promise<PlanCheck> {
  const info = await openClient(running).getCollection('knowledge_vectors');
  const index = info.payload_schema.category;
  const expected = `keyword index on category over ${dataset.counts.knowledgeVectors} points, green`;
  const actual = `${index?.data_type ?? 'no'} index on category over ${index?.points ?? 0} points, ${info.status}`;
  return { expected, actual, ok: actual === expected };
}
