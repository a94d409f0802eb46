import type { Db } from 'mongodb';
import { type BaselineLoad, unprepared, writeAll } from '../../contract/data/baseline-load.ts';
import { withClient } from '../server/connection.ts';
import { contentDocument, conversationDocument } from './documents.ts';
import { documentsPerInsert, emptyCollections, insertOptions, insertsAtOnce } from './load.ts';
import { loadRecords } from './load-records.ts';

/** A loop of the driver's `insertMany` with the same batches, and nothing around it. */
export const baselineLoad: BaselineLoad = {
  name: 'driver loop',
  description: `insertMany of ${documentsPerInsert} documents, ${insertsAtOnce} at once`,
  wantedRatio: 0.95,
  empty: (running) =>
    withClient(running, async (database, client) => {
      await loadRecords(client).forget();
      await emptyCollections(database);
    }),
  prepare: async (running, dataset) =>
    unprepared(() =>
      withClient(running, async (database) => {
        await insertAll(database, 'user_contents', dataset.batches('contents'), contentDocument);
        await insertAll(database, 'ai_conversations', dataset.batches('conversations'), conversationDocument);
      }),
    ),
  record: (running, dataset) =>
    withClient(running, async (_, client) => loadRecords(client).finish(await dataset.fingerprint())),
};

async function insertAll<Row>(
  database: Db,
  name: string,
  batches: AsyncIterable<readonly Row[]>,
  documentOf: (row: Row) => { readonly _id: string },
): Promise<void> {
  const collection = database.collection<{ _id: string }>(name);
  const limits = { rowsPerWrite: documentsPerInsert, writesAtOnce: insertsAtOnce };
  await writeAll(batches, limits, (rows) => collection.insertMany(rows.map(documentOf), insertOptions));
}
