import type { QdrantClient } from '@qdrant/js-client-rest';
import type { Dataset } from '../../../../seeds/dataset.ts';
import type { TaskReport } from '../../../core/progress.ts';
import type { LoadReport } from '../../contract/data.ts';
import type { ReachableEngine, RunningEngine } from '../../contract/topology.ts';
import { beginLoad, type LoadMarks } from '../../shared/load/load-marks.ts';
import { loadPart } from '../../shared/load/load-part.ts';
import { loadProgress } from '../../shared/load/load-progress.ts';
import { type CollectionName, collectionNames, readCollectionSchema, schemaDirectory } from '../schema/collections.ts';
import { applySchema } from '../schema/schema.ts';
import { openClient, request } from '../server/connection.ts';
import { buildIndexes, deferIndexing } from './deferred-indexing.ts';
import { loadRecords } from './load-records.ts';
import { knowledgePoint, userPoint } from './points.ts';

/** Points a request, and requests under way: the sweep is in docs/measurements/loading.md. */
export const pointsPerRequest = 100;
export const requestsAtOnce = 2;

/** Replaces the points of both collections, one after the other; their indexes are built once all are there. */
export async function load(running: RunningEngine, dataset: Dataset, report: TaskReport): Promise<LoadReport> {
  const client = openClient(running);
  const fingerprint = await dataset.fingerprint();
  const marks = await beginLoad(fingerprint, loadRecords(client), () => emptyCollections(running, client));
  const thresholds = await deferIndexing(client, collectionNames);
  const { knowledgeVectors, userVectors } = dataset.counts;
  const advance = loadProgress(report, knowledgeVectors + userVectors, marks.rowsBefore);
  const shared = { running, marks, advance };
  await upsertAll(shared, 'knowledge_vectors', dataset.batches('knowledgeVectors'), knowledgePoint);
  await upsertAll(shared, 'user_vectors', dataset.batches('userVectors'), userPoint);
  report.advance({ text: 'building indexes' });
  await buildIndexes(client, thresholds);
  return marks.finish({ knowledge_vectors: knowledgeVectors, user_vectors: userVectors });
}

export async function loadedFingerprint(running: ReachableEngine): Promise<string | undefined> {
  return loadRecords(openClient(running)).readFingerprint();
}

/** Dropping a collection is faster than deleting its points, but would take a service's own indexes and aliases with it. */
export async function emptyCollections(running: RunningEngine, client: QdrantClient): Promise<void> {
  const counts = await Promise.all(collectionNames.map((name) => client.count(name, { exact: true })));
  if (counts.every(({ count }) => count === 0)) return;
  await Promise.all(
    collectionNames.map(async (name) => {
      if (await hasOwn(client, name)) await client.delete(name, { filter: { must: [] }, wait: true });
      else await client.deleteCollection(name);
    }),
  );
  await applySchema(running, { reset: false, directory: schemaDirectory });
}

/** Whether a service has added something to the collection that goes with it. */
async function hasOwn(client: QdrantClient, name: CollectionName): Promise<boolean> {
  const [{ payload_schema }, { payload_indexes }, { aliases }] = await Promise.all([
    client.getCollection(name),
    readCollectionSchema(name),
    client.getCollectionAliases(name),
  ]);
  return aliases.length > 0 || Object.keys(payload_schema).some((field) => !(field in payload_indexes));
}

interface Shared {
  readonly running: RunningEngine;
  readonly marks: LoadMarks;
  readonly advance: (points: number) => void;
}

async function upsertAll<Row>(
  { running, marks, advance }: Shared,
  name: CollectionName,
  batches: AsyncIterable<readonly Row[]>,
  pointOf: (row: Row) => string,
): Promise<void> {
  await loadPart(
    {
      name,
      batches,
      rowsPerWrite: pointsPerRequest,
      streams: requestsAtOnce,
      advance,
      // An upsert of a point that is there writes it again. It is answered once it is in the log (`wait=false`), and a
      // mark comes after it in the same log; that all of them are applied is what green says in the end.
      async write(rows) {
        const body = `{"points":[${rows.map(pointOf).join(',')}]}`;
        const path = `/collections/${name}/points?wait=false`;
        await (await request(running, path, { method: 'PUT', body, contentType: 'application/json' })).arrayBuffer();
      },
    },
    marks,
  );
}
