import type { QdrantClient } from '@qdrant/js-client-rest';
import type { KnowledgeVector, UserVector } from '../../../../seeds/entities.ts';
import { type BaselineLoad, unprepared, writeAll } from '../../contract/data/baseline-load.ts';
import { collectionNames } from '../schema/collections.ts';
import { openClient } from '../server/connection.ts';
import { buildIndexes, deferIndexing } from './deferred-indexing.ts';
import { emptyCollections, pointsPerRequest, requestsAtOnce } from './load.ts';
import { loadRecords } from './load-records.ts';
import { knowledgePayload, knowledgePointId, userPayload, userPointId } from './points.ts';

/** A loop of the driver's `upsert` with the same batches, indexing deferred as well, and nothing around it. */
export const baselineLoad: BaselineLoad = {
  name: 'driver loop',
  description: `upsert of ${pointsPerRequest} points, ${requestsAtOnce} at once, indexes afterwards`,
  wantedRatio: 0.95,
  async empty(running) {
    const client = openClient(running);
    await loadRecords(client).forget();
    await emptyCollections(running, client);
  },
  prepare: async (running, dataset) =>
    unprepared(async () => {
      const client = openClient(running);
      const thresholds = await deferIndexing(client, collectionNames);
      await upsertAll(client, 'knowledge_vectors', dataset.batches('knowledgeVectors'), (row) => ({
        id: knowledgePointId(row),
        payload: knowledgePayload(row),
      }));
      await upsertAll(client, 'user_vectors', dataset.batches('userVectors'), (row) => ({
        id: userPointId(row),
        payload: userPayload(row),
      }));
      await buildIndexes(client, thresholds);
    }),
  record: async (running, dataset) => loadRecords(openClient(running)).finish(await dataset.fingerprint()),
};

async function upsertAll<Row extends KnowledgeVector | UserVector>(
  client: QdrantClient,
  name: string,
  batches: AsyncIterable<readonly Row[]>,
  restOf: (row: Row) => { readonly id: string; readonly payload: Record<string, unknown> },
): Promise<void> {
  const limits = { rowsPerWrite: pointsPerRequest, writesAtOnce: requestsAtOnce };
  await writeAll(batches, limits, (rows) => {
    const points = rows.map((row) => ({ ...restOf(row), vector: [...row.vector] }));
    return client.upsert(name, { wait: false, points });
  });
}
