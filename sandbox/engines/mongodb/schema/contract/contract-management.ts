import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type Db, type Document, Int32, type MongoClient } from 'mongodb';
import { withoutUndefined } from '../../../../core/without-undefined.ts';
import type { ContractCase } from '../../../contract/schema.ts';
import type { RunningEngine } from '../../../contract/topology.ts';
import { withClient } from '../../server/connection.ts';
import type { CollectionName, CollectionSchema } from '../collections.ts';
import { readCollectionSchema } from '../collections.ts';
import { cleanUpOldData, generateDataStatistics, logBackup } from '../management.ts';

export const managementCases: readonly ContractCase[] = [
  { name: 'the cleanup deletes what is old and not kept, and nothing else', run: cleanupDeletes },
  { name: 'the statistics count contents, levels and conversations', run: statisticsCount },
  { name: 'a backup is logged', run: backupIsLogged },
];

/** The functions change whole collections: they work on a database of their own, with the same validators. */
async function withScratchDatabase(running: RunningEngine, work: (database: Db) => Promise<void>): Promise<void> {
  await withClient(running, async (_, client: MongoClient) => {
    const database = client.db(`taishang_contract_${randomUUID().slice(0, 8)}`);
    try {
      for (const name of ['user_contents', 'ai_conversations'] as const satisfies readonly CollectionName[]) {
        const { validator }: CollectionSchema = await readCollectionSchema(name);
        await database.createCollection(name, withoutUndefined({ validator }));
      }
      await work(database);
    } finally {
      await database.dropDatabase();
    }
  });
}

const now = new Date('2026-01-01T00:00:00Z');
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000);

async function cleanupDeletes(running: RunningEngine): Promise<void> {
  await withScratchDatabase(running, async (database) => {
    const temporary = { user_id: 'u', content_type: 'temp', title: 't' };
    const conversation = { user_id: 'u', session_id: 's' };
    await database.collection<{ _id: string } & Document>('user_contents').insertMany([
      { _id: 'old', ...temporary, created_at: daysAgo(31) },
      { _id: 'old and kept', ...temporary, created_at: daysAgo(31), metadata: { keep: true } },
      { _id: 'new', ...temporary, created_at: daysAgo(29) },
      { _id: 'old article', ...temporary, content_type: 'article', created_at: daysAgo(31) },
    ]);
    await database.collection<{ _id: string } & Document>('ai_conversations').insertMany([
      { _id: 'old', ...conversation, created_at: daysAgo(31), metadata: { keep: false } },
      { _id: 'old and silent', ...conversation, created_at: daysAgo(31) },
      { _id: 'old and kept', ...conversation, created_at: daysAgo(31), metadata: { keep: true } },
      { _id: 'new', ...conversation, created_at: daysAgo(29) },
    ]);
    assert.deepEqual(await cleanUpOldData(database, now), { deletedConversations: 2, deletedContents: 1 });
    assert.deepEqual(await cleanUpOldData(database, now), { deletedConversations: 0, deletedContents: 0 });
    const left = async (name: string) => (await database.collection(name).distinct('_id')).map(String).toSorted();
    assert.deepEqual(await left('user_contents'), ['new', 'old and kept', 'old article']);
    assert.deepEqual(await left('ai_conversations'), ['new', 'old and kept']);
  });
}

async function statisticsCount(running: RunningEngine): Promise<void> {
  await withScratchDatabase(running, async (database) => {
    const content = { user_id: 'u', title: 't', created_at: now };
    await database.collection('user_contents').insertMany([
      { ...content, content_type: 'note', silicon_level: new Int32(0) },
      { ...content, content_type: 'note', silicon_level: new Int32(5) },
      { ...content, content_type: 'article' },
    ]);
    // Only without the validator can a level be out of range, as in data from before it.
    await database
      .collection('user_contents')
      .insertOne({ ...content, content_type: 'note', silicon_level: new Int32(9) }, { bypassDocumentValidation: true });
    const message = { role: 'user', content: 'c', timestamp: now };
    await database.collection('ai_conversations').insertMany([
      { user_id: 'u', session_id: 'a', created_at: now, messages: [message, message, message] },
      { user_id: 'u', session_id: 'a', created_at: now, messages: [] },
    ]);
    const { collections } = await generateDataStatistics(database, now);
    assert.deepEqual(collections, {
      user_contents: {
        total: 4,
        by_type: { article: 1, note: 3 },
        by_silicon_level: { 0: 1, 5: 1, 9: 1 },
        silicon_level_missing: 1,
        silicon_level_out_of_range: 1,
      },
      ai_conversations: { total: 2, active_sessions: 1, avg_messages_per_session: 1.5 },
    });
    assert.equal(await database.collection('data_statistics').countDocuments({ timestamp: now }), 1);
  });
}

async function backupIsLogged(running: RunningEngine): Promise<void> {
  await withScratchDatabase(running, async (database) => {
    await logBackup(database, { collection: 'user_contents', backupPath: '/backups/1', status: 'completed' }, now);
    const [entry] = await database
      .collection('backup_logs')
      .find({}, { projection: { _id: 0 } })
      .toArray();
    assert.deepEqual(entry, {
      collection: 'user_contents',
      backup_path: '/backups/1',
      timestamp: now,
      status: 'completed',
    });
  });
}
