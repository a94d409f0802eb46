import type { Db } from 'mongodb';
import { absentIds, countUp, perDataset, ranked, rowsOf } from '../../../contract/bench/path-parameters.ts';
import { usualShares } from '../../../contract/bench/query-path.ts';
import { pageText } from '../../../shared/load/newest-page.ts';
import type { ConversationDocument } from '../../data/documents.ts';
import { documentPath } from './document-path.ts';
import { planCheck } from './plan.ts';

const plan = 'IXSCAN on session_id_1';

/** Conversations of a session at most. */
const limit = 100;

export const conversationOfSession = documentPath<string, readonly ConversationDocument[]>({
  name: 'conversation of a session',
  description: 'What was said in a session, with all messages, the newest conversation first.',
  plan,
  shares: usualShares,
  objective: { p99Ms: 50 },
  collections: ['ai_conversations'],
  // The longest threads are those that go on.
  ranked: perDataset(async (dataset) => {
    const counts = new Map<string, number>();
    for await (const { sessionId, messages } of rowsOf(dataset, 'conversations')) {
      countUp(counts, sessionId, messages.length);
    }
    return ranked(counts);
  }),
  sample: async (database) => {
    const found = database.collection('ai_conversations').find({}).project<{ session_id: string }>({ session_id: 1 });
    return [...new Set((await found.limit(1_000).toArray()).map(({ session_id }) => session_id))];
  },
  absent: absentIds(),
  request: (database, sessionId) => find(database, sessionId).toArray(),
  planOf: async (database, sessionId) => planCheck(await find(database, sessionId).explain('executionStats'), plan),
  answer: (found) =>
    pageText(
      found.map(({ _id, messages, created_at }) => idWithMessages(_id, messages.length, created_at)),
      limit,
    ),
  known: async (dataset, sessionIds) => {
    const found = new Map<string, ReturnType<typeof idWithMessages>[]>(sessionIds.map((id) => [id, []]));
    for await (const { id, sessionId, messages, createdAt } of rowsOf(dataset, 'conversations')) {
      found.get(sessionId)?.push(idWithMessages(id, messages.length, createdAt));
    }
    return sessionIds.map((id) => {
      const conversations = found.get(id) ?? [];
      const newestFirst = conversations.toSorted((left, right) => right.createdAt.getTime() - left.createdAt.getTime());
      return pageText(newestFirst, limit);
    });
  },
});

function find(database: Db, sessionId: string) {
  return database
    .collection<ConversationDocument>('ai_conversations')
    .find({ session_id: sessionId })
    .sort({ created_at: -1 })
    .limit(limit);
}

function idWithMessages(id: string, messages: number, createdAt: Date) {
  return { id: `${id} with ${messages} messages`, createdAt };
}
