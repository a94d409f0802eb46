import type { QdrantClient } from '@qdrant/js-client-rest';

/** The platform's threshold, a cosine: what is less similar is no answer. */
export const scoreThreshold = 0.7;

/** A piece of knowledge that is like the query. */
export interface SimilarKnowledge {
  /** Business id, for example `k001`. */
  readonly knowledgeId: string;
  readonly title: string;
  /** Cosine, `scoreThreshold` to 1. */
  readonly score: number;
}

/**
 * The request that {@link searchKnowledge} sends, for a client of one's own or for a batch. `vector` is a unit vector, [768].
 *
 *     const searches = vectors.map((vector) => knowledgeSearch(vector, { limit: 5 }));
 *     await client.queryBatch('knowledge_vectors', { searches });
 */
export function knowledgeSearch(
  vector: readonly number[],
  options: { readonly limit: number; readonly category?: string },
) {
  return {
    query: [...vector],
    limit: options.limit,
    score_threshold: scoreThreshold,
    with_payload: ['knowledge_id', 'title'],
    ...(options.category === undefined
      ? {}
      : { filter: { must: [{ key: 'category', match: { value: options.category } }] } }),
  };
}

/**
 * Knowledge that is like `vector`, a unit vector, [768], most similar first; nothing below {@link scoreThreshold}.
 * Default: at most 10, of every category. Throws what the driver throws.
 *
 *     const found = await searchKnowledge(stack.clients.qdrant, vector, { limit: 5, category: 'science' });
 */
export async function searchKnowledge(
  client: QdrantClient,
  vector: readonly number[],
  options: { readonly limit?: number; readonly category?: string } = {},
): Promise<readonly SimilarKnowledge[]> {
  const { points } = await client.query('knowledge_vectors', knowledgeSearch(vector, { limit: 10, ...options }));
  return points.map(({ score, payload }) => ({
    score,
    knowledgeId: String(payload?.knowledge_id),
    title: String(payload?.title),
  }));
}
