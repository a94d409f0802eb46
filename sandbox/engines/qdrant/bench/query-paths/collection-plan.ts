import type { Dataset } from '../../../../../seeds/dataset.ts';
import type { PlanCheck } from '../../../contract/bench/query-path.ts';
import type { ReachableEngine } from '../../../contract/topology.ts';
import type { CollectionName } from '../../schema/collections.ts';
import { openClient } from '../../server/connection.ts';

/** Threshold where a collection names none, in kB (Qdrant's documentation, "Indexing"). */
const defaultThresholdKb = 10_000;

/** Vectors that are still in a segment of new points need not be in the index. */
const indexedShare = 0.9;

/**
 * Qdrant explains no query. What decides is told by the collection: filtered fields are indexed for every point, and
 * vectors are in HNSW, unless a segment has less of them than the threshold and is rightly searched whole.
 */
export async function collectionPlan(
  running: ReachableEngine,
  collection: CollectionName,
  filtered: readonly string[],
  dataset: Dataset | undefined,
): Promise<PlanCheck> {
  const info = await openClient(running).getCollection(collection);
  const count = collection === 'knowledge_vectors' ? 'knowledgeVectors' : 'userVectors';
  const points = dataset?.counts[count] ?? info.points_count ?? 0;
  const { size } = info.config.params.vectors as { readonly size: number };
  const thresholdKb = info.config.optimizer_config?.indexing_threshold ?? defaultThresholdKb;
  const isBelow = (points * size * 4) / 1_024 < thresholdKb;
  const indexed = info.indexed_vectors_count ?? 0;
  const enough = indexed >= points * indexedShare;
  const fields = (of: (field: string) => number) => filtered.map((field) => `${field} indexed for ${of(field)} points`);
  const text = (list: readonly string[], vectors: string, status: string) => [...list, vectors, status].join(', ');
  const searched = isBelow ? `searched whole: below ${thresholdKb} kB` : 'vectors in HNSW';
  const expected = text(
    fields(() => points),
    searched,
    'green',
  );
  const found = isBelow || enough ? searched : `${indexed} of ${points} vectors in HNSW`;
  const actual = text(
    fields((field) => info.payload_schema[field]?.points ?? 0),
    found,
    String(info.status),
  );
  return { expected, actual, ok: actual === expected };
}

/** Whether the collection is not there, holds nothing, or has vectors of another size. */
export async function missingCollections(
  running: ReachableEngine,
  collection: CollectionName,
  dimension: number,
): Promise<readonly string[]> {
  const client = openClient(running);
  if (!(await client.collectionExists(collection)).exists) return [`collection ${collection}`];
  const info = await client.getCollection(collection);
  const { size } = info.config.params.vectors as { readonly size?: number };
  if (size !== dimension) return [`vectors of ${dimension} numbers in ${collection}`];
  return (info.points_count ?? 0) === 0 ? [`points in ${collection}`] : [];
}
