import type { Db } from 'mongodb';
import type { Dataset } from '../../../../seeds/dataset.ts';
import type { Content, Conversation } from '../../../../seeds/entities.ts';
import type { TaskReport } from '../../../core/progress.ts';
import type { LoadReport } from '../../contract/data.ts';
import type { ReachableEngine, RunningEngine } from '../../contract/topology.ts';
import { beginLoad, type LoadMarks } from '../../shared/load/load-marks.ts';
import { loadPart } from '../../shared/load/load-part.ts';
import { loadProgress } from '../../shared/load/load-progress.ts';
import type { CollectionName } from '../schema/collections.ts';
import { withClient } from '../server/connection.ts';
import { contentDocument, conversationDocument } from './documents.ts';
import { loadRecords } from './load-records.ts';

/** Documents an insert, and inserts under way: the sweep is in docs/measurements/loading.md. */
export const documentsPerInsert = 500;
export const insertsAtOnce = 2;

/** Acknowledged by the majority: a mark must not be ahead of what a failover keeps. */
export const insertOptions = { ordered: false, writeConcern: { w: 'majority' } } as const;

/** Replaces contents, then conversations; indexes stay, see docs/measurements/loading.md for what they cost. */
export async function load(running: RunningEngine, dataset: Dataset, report: TaskReport): Promise<LoadReport> {
  const fingerprint = await dataset.fingerprint();
  return withClient(running, async (database, client) => {
    const marks = await beginLoad(fingerprint, loadRecords(client), () => emptyCollections(database));
    const { contents, conversations } = dataset.counts;
    const advance = loadProgress(report, contents + conversations, marks.rowsBefore);
    const shared = { database, marks, advance };
    await insertAll<Content>(shared, 'user_contents', dataset.batches('contents'), contentDocument);
    await insertAll<Conversation>(shared, 'ai_conversations', dataset.batches('conversations'), conversationDocument);
    return marks.finish({ user_contents: contents, ai_conversations: conversations });
  });
}

export async function loadedFingerprint(running: ReachableEngine): Promise<string | undefined> {
  return withClient(running, (_, client) => loadRecords(client).readFingerprint());
}

export async function emptyCollections(database: Db): Promise<void> {
  const names: readonly CollectionName[] = ['user_contents', 'ai_conversations'];
  await Promise.all(names.map((name) => database.collection(name).deleteMany({})));
}

interface Shared {
  readonly database: Db;
  readonly marks: LoadMarks;
  readonly advance: (documents: number) => void;
}

async function insertAll<Row extends { readonly id: string }>(
  { database, marks, advance }: Shared,
  name: CollectionName,
  batches: AsyncIterable<readonly Row[]>,
  documentOf: (row: Row) => { readonly _id: string },
): Promise<void> {
  const collection = database.collection<{ _id: string }>(name);
  await loadPart(
    {
      name,
      batches,
      rowsPerWrite: documentsPerInsert,
      streams: insertsAtOnce,
      advance,
      async write(rows, mayBeThere) {
        // Deleted, not told apart by the error of a double key: a shard knows the keys of the others in no way.
        if (mayBeThere) await collection.deleteMany({ _id: { $in: rows.map(({ id }) => id) } }, insertOptions);
        await collection.insertMany(rows.map(documentOf), insertOptions);
      },
    },
    marks,
  );
}
