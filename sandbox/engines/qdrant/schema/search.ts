import type { QdrantClient } from '@qdrant/js-client-rest';

/** The platform's threshold: what is less similar is no answer. */
export const scoreThreshold = 0.7;

/** A piece of knowledge that is like the query. */
export interface SimilarKnowledge {
  readonly knowledgeId: string;
  readonly title: string;
  /** Cosine, `scoreThreshold` to 1. */
  readonly score: number;
}

/** The request that {@link searchKnowledge} sends. `vector` is a unit vector, [768]. */
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
 * Knowledge that is like `vector`, [768], most similar first; nothing below the threshold. Default: at most 10.
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
