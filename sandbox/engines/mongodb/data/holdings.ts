import { BSON } from 'mongodb';
import { canonicalText, type HeldRow, type Holding, rowsLoaded } from '../../contract/data/holdings.ts';
import type { ReachableEngine } from '../../contract/topology.ts';
import type { CollectionName } from '../schema/collections.ts';
import { databaseName, openForWork } from '../server/connection.ts';
import { type ContentDocument, type ConversationDocument, contentDocument, conversationDocument } from './documents.ts';

type Document = { readonly _id: unknown } & Readonly<Record<string, unknown>>;

/** Documents that are asked for at once: the server's own first answer has 101 (its manual, "Cursor Batches"). */
const documentsPerBatch = 1_000;

/** The platform's fields, by name. A service may keep more in the same documents. */
const contentFields = {
  user_id: 1,
  content_type: 1,
  title: 1,
  content: 1,
  tags: 1,
  metadata: 1,
  silicon_level: 1,
  created_at: 1,
  updated_at: 1,
} as const satisfies Record<Exclude<keyof ContentDocument, '_id'>, 1>;

const conversationFields = {
  user_id: 1,
  session_id: 1,
  messages: 1,
  context: 1,
  metadata: 1,
  created_at: 1,
  updated_at: 1,
} as const satisfies Record<Exclude<keyof ConversationDocument, '_id'>, 1>;

export const holdings: readonly Holding[] = [
  {
    name: 'user_contents',
    one: 'content',
    many: 'contents',
    countMax: ({ counts }) => counts.contents,
    loaded: rowsLoaded('contents', (content) => [rowOf({ ...contentDocument(content) })]),
    held: (running) => documents(running, 'user_contents', contentFields),
  },
  {
    name: 'ai_conversations',
    one: 'conversation',
    many: 'conversations',
    countMax: ({ counts }) => counts.conversations,
    loaded: rowsLoaded('conversations', (conversation) => [rowOf({ ...conversationDocument(conversation) })]),
    held: (running) => documents(running, 'ai_conversations', conversationFields),
  },
];

/** A collection that is not there has no documents: the server says so itself. */
async function* documents(
  running: ReachableEngine,
  name: CollectionName,
  fields: Readonly<Record<string, 1>>,
): AsyncGenerator<HeldRow> {
  await using client = await openForWork(running);
  const found = client
    .db(databaseName)
    .collection<Document>(name)
    .find({}, { projection: fields, batchSize: documentsPerBatch, raw: true });
  // Parsed here: the driver's own parser takes a list under a name like `constructor` for one that was asked for as bytes.
  for await (const bytes of found)
    yield rowOf(BSON.deserialize(bytes as unknown as Buffer, { useBigInt64: true }) as Document);
}

function rowOf({ _id, ...fields }: Document): HeldRow {
  return { key: String(_id), value: canonicalText(fields) };
}
