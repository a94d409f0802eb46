import { type Collection, type Document, Int32, type MongoClient } from 'mongodb';
import { daysAgo, type Planted } from './plant.ts';

interface Stored extends Document {
  readonly _id: string;
}

const collections = (client: MongoClient) => {
  const database = client.db('taishang_content');
  return {
    contents: database.collection<Stored>('user_contents'),
    conversations: database.collection<Stored>('ai_conversations'),
    statistics: database.collection<Stored>('data_statistics'),
    logs: database.collection<Stored>('backup_logs'),
  };
};

const content = () => ({
  user_id: 'somebody',
  content_type: 'note',
  title: 'a title',
  content: 'a text',
  silicon_level: new Int32(5),
  created_at: new Date(),
});
const conversation = () => ({ user_id: 'somebody', session_id: 'a session', messages: [], created_at: new Date() });

/** Documents of these, by name; the validator is passed by. Returns the names. */
async function insert(
  collection: Collection<Stored>,
  documents: Readonly<Record<string, Document>>,
): Promise<readonly string[]> {
  const stored = Object.entries(documents).map(([_id, document]) => ({ ...document, _id }));
  await collection.insertMany(stored, { bypassDocumentValidation: true });
  return Object.keys(documents);
}

const without = (document: Document, field: string): Document =>
  Object.fromEntries(Object.entries(document).filter(([name]) => name !== field));

/** One content and one conversation are enough for the cross-store check; the others look like defects and are none. */
export async function plantNearMissesInMongodb(
  client: MongoClient,
): Promise<{ contents: number; conversations: number }> {
  const { contents, conversations } = collections(client);
  const ofContents = await insert(contents, {
    'a bookmark without a text': { ...without(content(), 'content'), content_type: 'bookmark' },
    'without a level': without(content(), 'silicon_level'),
    'a level of nothing': { ...content(), silicon_level: new Int32(0) },
    'temporary, and young': { ...content(), content_type: 'temp', created_at: daysAgo(29) },
    'temporary, and due today': { ...content(), content_type: 'temp', created_at: daysAgo(30.5) },
    'temporary, old and kept': {
      ...content(),
      content_type: 'temp',
      created_at: daysAgo(99),
      metadata: { keep: true },
    },
    'old, and not temporary': { ...content(), created_at: daysAgo(400) },
  });
  const ofConversations = await insert(conversations, {
    'old and kept': { ...conversation(), created_at: daysAgo(99), metadata: { keep: true } },
    'due today': { ...conversation(), created_at: daysAgo(30.5) },
    'of today': conversation(),
  });
  return { contents: ofContents.length, conversations: ofConversations.length };
}

export async function plantInMongodb(client: MongoClient): Promise<Planted> {
  const { contents, conversations, statistics, logs } = collections(client);
  await contents.createIndex({ undeclared: 1 });
  await conversations.dropIndex('session_id_1');
  await statistics.createIndex({ undeclared: 1 });
  await client.db('taishang_content').createCollection('surprises');
  await client.db('elsewhere').collection('surprises').insertOne({});
  await logs.createIndex({ undeclared: 1 });
  // The validator asks for these fields, and takes an empty text.
  const incomplete = await insert(contents, {
    'no title': without(content(), 'title'),
    'a null title': { ...content(), title: null },
    'no owner': without(content(), 'user_id'),
  });
  const empty = await insert(contents, {
    'an empty title': { ...content(), title: '' },
    'a title of blanks': { ...content(), title: ' \n\u00a0' },
    'a note without a text': without(content(), 'content'),
    'an article of nothing': { ...content(), content_type: 'article', content: '' },
  });
  const levels = await insert(contents, {
    'a level of 6': { ...content(), silicon_level: new Int32(6) },
    'a level of -1': { ...content(), silicon_level: new Int32(-1) },
    'a level as text': { ...content(), silicon_level: '3' },
    'a level of 2.5': { ...content(), silicon_level: 2.5 },
    'a list of levels': { ...content(), silicon_level: [new Int32(-1), new Int32(9)] },
    'a list of one level': { ...content(), silicon_level: [new Int32(3)] },
    'a null level': { ...content(), silicon_level: null },
  });
  const others = await insert(contents, {
    'an unknown type': { ...content(), content_type: 'rumour' },
    'a long title': { ...content(), title: 't'.repeat(201) },
    'a date as text': { ...content(), created_at: '2026-01-01' },
  });
  const bypassed = await insert(conversations, {
    'a message without a time': { ...conversation(), messages: [{ role: 'user', content: 'text' }] },
  });
  const noSession = await insert(conversations, { 'no session': without(conversation(), 'session_id') });
  const emptySession = await insert(conversations, { 'an empty session': { ...conversation(), session_id: '' } });
  return {
    'mongodb.user_contents.incomplete': [...incomplete, ...empty],
    'mongodb.user_contents.silicon-level-invalid': levels,
    'mongodb.user_contents.past-the-validator': [...incomplete, ...levels, ...others],
    'mongodb.user_contents.overdue': await insert(contents, {
      'temporary and forgotten': { ...content(), content_type: 'temp', created_at: daysAgo(45) },
      'temporary, of long ago': { ...content(), content_type: 'temp', created_at: new Date('2019-05-01') },
    }),
    'mongodb.user_contents.catalogue': ['index undeclared_1 is not declared'],
    'mongodb.ai_conversations.past-the-validator': [...bypassed, ...noSession],
    'mongodb.ai_conversations.session-missing': [...noSession, ...emptySession],
    'mongodb.ai_conversations.overdue': await insert(conversations, {
      'old and forgotten': { ...conversation(), created_at: daysAgo(32) },
      'old, and not kept': { ...conversation(), created_at: daysAgo(60), metadata: { keep: false } },
      'of long ago': { ...conversation(), created_at: new Date('2019-05-01') },
    }),
    'mongodb.ai_conversations.catalogue': ['index session_id_1 is missing'],
    'mongodb.places': ['elsewhere.surprises has no contract', 'taishang_content.surprises has no contract'],
    'mongodb.data_statistics.catalogue': ['index undeclared_1 is not declared'],
    'mongodb.backup_logs.catalogue': ['index undeclared_1 is not declared'],
  };
}
