import type { OfferedReads } from '../../contract/bench/platform-reads.ts';
import type { ContentDocument, ConversationDocument } from '../data/documents.ts';
import { connect, databaseName } from '../server/connection.ts';
import { missingCollections } from './query-paths/missing-collections.ts';

/** Contents on a page. */
const pageSize = 20;

/** Contents of users and conversations of sessions. */
export const platformReads: OfferedReads = {
  names: ['latestContents', 'messagesOfSession', 'someSessionIds'],
  reads: { latestContents: ['user_contents'], messagesOfSession: ['ai_conversations'] },
  missing: (running) => missingCollections(running, ['user_contents', 'ai_conversations']),
  open: async (running) => {
    const connection = await connect(running);
    const database = connection.client.db(databaseName);
    const contents = database.collection<ContentDocument>('user_contents');
    const conversations = database.collection<ConversationDocument>('ai_conversations');
    return {
      latestContents: async (userId) => {
        const found = contents.find({ user_id: userId }).sort({ created_at: -1 }).limit(pageSize);
        return (await found.toArray()).map(({ _id, created_at }) => ({ id: _id, createdAt: created_at }));
      },
      messagesOfSession: async (sessionId) => {
        const found = await conversations.find({ session_id: sessionId }).toArray();
        return found.reduce((sum, { messages }) => sum + messages.length, 0);
      },
      someSessionIds: async (limit) => {
        const found = conversations.find({}).project<{ session_id: string }>({ session_id: 1 }).limit(limit);
        return (await found.toArray()).map(({ session_id }) => session_id);
      },
      [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
    };
  },
};
