import assert from 'node:assert/strict';
import { type Document, Int32, MongoServerError } from 'mongodb';
import type { ContractCase } from '../../../contract/schema.ts';
import type { RunningEngine } from '../../../contract/topology.ts';
import { withClient } from '../../server/connection.ts';
import type { CollectionName } from '../collections.ts';

/** Error code of a document that a validator refuses (MongoDB's error codes, `DocumentValidationFailure`). */
const validationFailure = 121;

const content = { user_id: 'contract', content_type: 'note', title: 'a title', created_at: new Date(0) };
const conversation = { user_id: 'contract', session_id: 'contract', created_at: new Date(0) };
const message = { role: 'user', content: 'text', timestamp: new Date(0) };

const refusedContents: Readonly<Record<string, Document>> = {
  'an unknown type': { ...content, content_type: 'unheard of' },
  'a title of 201 characters': { ...content, title: '题'.repeat(201) },
  'a level of 6': { ...content, silicon_level: new Int32(6) },
  'a level of -1': { ...content, silicon_level: new Int32(-1) },
  'a level that is no integer': { ...content, silicon_level: 2.5 },
  'a user id that is no text': { ...content, user_id: 7 },
  'tags that are no list': { ...content, tags: 'tag' },
  'a tag that is no text': { ...content, tags: ['tag', 7] },
  'a date as text': { ...content, created_at: '2026-01-01' },
  'no title': { user_id: 'contract', content_type: 'note', created_at: new Date(0) },
};

const refusedConversations: Readonly<Record<string, Document>> = {
  'an unknown role': { ...conversation, messages: [{ ...message, role: 'nobody' }] },
  'a message without a time': { ...conversation, messages: [{ role: 'user', content: 'text' }] },
  'a keep that is no truth value': { ...conversation, metadata: { keep: 'yes' } },
  'no session': { user_id: 'contract', created_at: new Date(0) },
};

export const validatorCases: readonly ContractCase[] = [
  {
    name: 'contents that break the validator are refused, the widest that keep it are taken',
    run: (running) =>
      checkValidator(running, 'user_contents', refusedContents, [
        {
          ...content,
          content_type: 'temp',
          title: '题'.repeat(200),
          silicon_level: new Int32(5),
          tags: [],
          content: '',
        },
        { ...content, title: '', silicon_level: new Int32(0) },
      ]),
  },
  {
    name: 'conversations that break the validator are refused, the widest that keep it are taken',
    run: (running) =>
      checkValidator(running, 'ai_conversations', refusedConversations, [
        { ...conversation, messages: [], metadata: { keep: true } },
        { ...conversation, messages: [message], context: {} },
      ]),
  },
];

async function checkValidator(
  running: RunningEngine,
  name: CollectionName,
  refused: Readonly<Record<string, Document>>,
  accepted: readonly Document[],
): Promise<void> {
  await withClient(running, async (database) => {
    const collection = database.collection(name);
    try {
      for (const [what, document] of Object.entries(refused)) {
        await assert.rejects(
          collection.insertOne({ ...document }),
          (thrown) => thrown instanceof MongoServerError && thrown.code === validationFailure,
          `${what} was not refused`,
        );
      }
      for (const document of accepted) await collection.insertOne({ ...document });
    } finally {
      await collection.deleteMany({ user_id: 'contract' });
    }
  });
}
