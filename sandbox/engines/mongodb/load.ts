import type { Db } from 'mongodb';
import type { Dataset } from '../../../seeds/dataset.ts';
import type { TaskReport } from '../../core/progress.ts';
import type { LoadReport } from '../engine.ts';
import type { RunningEngine } from '../topology.ts';
import type { CollectionName } from './collections.ts';
import { withClient } from './connection.ts';
import { contentDocument, conversationDocument } from './documents.ts';
import { readRecord, writeRecord } from './schema.ts';

/** Replaces contents and conversations, side by side. */
export async function load(running: RunningEngine, dataset: Dataset, report: TaskReport): Promise<LoadReport> {
  const total = dataset.counts.contents + dataset.counts.conversations;
  let done = 0;
  const advance = (documents: number) => {
    done += documents;
    report.advance({ done, total });
  };
  return withClient(running, async (database, client) => {
    await writeRecord(client, 'dataset', undefined);
    const [contents, conversations] = await Promise.all([
      replaceAll(database, 'user_contents', dataset.batches('contents'), contentDocument, advance),
      replaceAll(database, 'ai_conversations', dataset.batches('conversations'), conversationDocument, advance),
    ]);
    await writeRecord(client, 'dataset', await dataset.fingerprint());
    return { loaded: { user_contents: contents, ai_conversations: conversations } };
  });
}

export async function loadedFingerprint(running: RunningEngine): Promise<string | undefined> {
  return withClient(running, (_, client) => readRecord(client, 'dataset'));
}

async function replaceAll<Row, Shape extends { readonly _id: string }>(
  database: Db,
  name: CollectionName,
  batches: AsyncIterable<readonly Row[]>,
  documentOf: (row: Row) => Shape,
  advance: (documents: number) => void,
): Promise<number> {
  const collection = database.collection<{ _id: string }>(name);
  await collection.deleteMany({});
  let count = 0;
  for await (const batch of batches) {
    await collection.insertMany(batch.map(documentOf), { ordered: false, writeConcern: { w: 'majority' } });
    count += batch.length;
    advance(batch.length);
  }
  return count;
}
