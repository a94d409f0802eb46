import type { ReadBack, SharedRow } from '../engine.ts';
import type { RunningEngine } from '../topology.ts';
import { withClient } from './connection.ts';
import type { ContentDocument, ConversationDocument } from './documents.ts';

export const readBack: ReadBack = { content: readContents, conversation: readConversations };

async function* readContents(running: RunningEngine): AsyncGenerator<SharedRow> {
  const documents = await withClient(running, (database) =>
    database
      .collection<ContentDocument>('user_contents')
      .find({}, { projection: { user_id: 1, silicon_level: 1 } })
      .toArray(),
  );
  for (const { _id, user_id, silicon_level } of documents) {
    // A level that is not there must differ from every level.
    yield { id: _id, owner: user_id, levels: { silicon: silicon_level ?? Number.NaN } };
  }
}

async function* readConversations(running: RunningEngine): AsyncGenerator<SharedRow> {
  const documents = await withClient(running, (database) =>
    database
      .collection<ConversationDocument>('ai_conversations')
      .find({}, { projection: { user_id: 1 } })
      .toArray(),
  );
  for (const { _id, user_id } of documents) yield { id: _id, owner: user_id };
}
