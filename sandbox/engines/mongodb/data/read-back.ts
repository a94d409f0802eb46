import type { Db } from 'mongodb';
import type { ReadBack, SharedRow } from '../../contract/data.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { databaseName, openForWork } from '../server/connection.ts';
import type { ContentDocument, ConversationDocument } from './documents.ts';

export const readBack: ReadBack = {
  content: (running) => read(running, readContents),
  conversation: (running) => read(running, readConversations),
};

/** Documents that are asked for at once: the server's own first answer has 101 (its manual, "Cursor Batches"). */
const documentsPerBatch = 5_000;

/** Documents of a cursor as they come. */
async function* read(
  running: RunningEngine,
  rows: (database: Db) => AsyncIterable<SharedRow>,
): AsyncGenerator<SharedRow> {
  await using client = await openForWork(running);
  yield* rows(client.db(databaseName));
}

async function* readContents(database: Db): AsyncGenerator<SharedRow> {
  const found = database
    .collection<ContentDocument>('user_contents')
    .find({}, { projection: { user_id: 1, silicon_level: 1 }, batchSize: documentsPerBatch });
  for await (const { _id, user_id, silicon_level } of found) {
    // A level that is not there must differ from every level.
    yield { id: _id, owner: user_id, levels: { silicon: silicon_level ?? Number.NaN } };
  }
}

async function* readConversations(database: Db): AsyncGenerator<SharedRow> {
  const found = database
    .collection<ConversationDocument>('ai_conversations')
    .find({}, { projection: { user_id: 1 }, batchSize: documentsPerBatch });
  for await (const { _id, user_id } of found) yield { id: _id, owner: user_id };
}
