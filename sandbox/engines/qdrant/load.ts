import type { QdrantClient } from '@qdrant/js-client-rest';
import type { Dataset } from '../../../seeds/dataset.ts';
import type { KnowledgeVector, UserVector } from '../../../seeds/entities.ts';
import type { TaskReport } from '../../core/progress.ts';
import type { LoadReport } from '../engine.ts';
import type { RunningEngine } from '../topology.ts';
import { type CollectionName, collectionNames, schemaDirectory } from './collections.ts';
import { openClient } from './connection.ts';
import { applySchema } from './schema.ts';

/** Points a request: the vendor advises 64 to 256. */
const pointsPerRequest = 200;

/** Requests under way for each collection. */
const requestsAtOnce = 2;

/** Where the fingerprint of the loaded dataset is kept: in the metadata of this collection. */
const recordCollection: CollectionName = 'knowledge_vectors';

interface Point {
  readonly id: string;
  readonly vector: number[];
  readonly payload: Record<string, unknown>;
}

/** Replaces the points of both collections, side by side. */
export async function load(running: RunningEngine, dataset: Dataset, report: TaskReport): Promise<LoadReport> {
  const client = openClient(running);
  await emptyCollections(running, client);
  const total = dataset.counts.knowledgeVectors + dataset.counts.userVectors;
  let done = 0;
  const advance = (points: number) => {
    done += points;
    report.advance({ done, total });
  };
  const [knowledge, users] = await Promise.all([
    upsertAll(client, 'knowledge_vectors', dataset.batches('knowledgeVectors'), knowledgePoint, advance),
    upsertAll(client, 'user_vectors', dataset.batches('userVectors'), userPoint, advance),
  ]);
  await client.updateCollection(recordCollection, { metadata: { dataset: await dataset.fingerprint() } });
  return { loaded: { knowledge_vectors: knowledge, user_vectors: users } };
}

export async function loadedFingerprint(running: RunningEngine): Promise<string | undefined> {
  const { config } = await openClient(running).getCollection(recordCollection);
  const fingerprint = (config.metadata as { dataset?: unknown } | undefined)?.dataset;
  return typeof fingerprint === 'string' && fingerprint !== '' ? fingerprint : undefined;
}

/** Dropping a collection is faster than deleting its points, and takes the record of the last load with it. */
async function emptyCollections(running: RunningEngine, client: QdrantClient): Promise<void> {
  const counts = await Promise.all(collectionNames.map((name) => client.count(name, { exact: true })));
  if (counts.every(({ count }) => count === 0)) return;
  await Promise.all(collectionNames.map((name) => client.deleteCollection(name)));
  await applySchema(running, { reset: false, directory: schemaDirectory });
}

async function upsertAll<Row>(
  client: QdrantClient,
  name: CollectionName,
  batches: AsyncIterable<readonly Row[]>,
  pointOf: (row: Row) => Point,
  advance: (points: number) => void,
): Promise<number> {
  const pending = new Set<Promise<void>>();
  let count = 0;
  for await (const batch of batches) {
    for (let first = 0; first < batch.length; first += pointsPerRequest) {
      if (pending.size >= requestsAtOnce) await Promise.race(pending);
      const points = batch.slice(first, first + pointsPerRequest).map(pointOf);
      const request: Promise<void> = client.upsert(name, { wait: true, points }).then(() => {
        pending.delete(request);
        advance(points.length);
      });
      // It is awaited with the others; until then its failure is nobody's.
      request.catch(() => {});
      pending.add(request);
      count += points.length;
    }
  }
  await Promise.all(pending);
  return count;
}

function knowledgePoint(row: KnowledgeVector): Point {
  return {
    id: row.pointId,
    vector: [...row.vector],
    payload: {
      knowledge_id: row.knowledgeId,
      title: row.title,
      content: row.content,
      category: row.category,
      silicon_level: row.siliconLevel,
    },
  };
}

function userPoint(row: UserVector): Point {
  return {
    id: row.pointId,
    vector: [...row.vector],
    payload: {
      user_id: row.userId,
      silicon_level: row.siliconLevel,
      interests: row.interests,
      learning_style: row.learningStyle,
    },
  };
}
