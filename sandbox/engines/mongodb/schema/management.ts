import type { Db } from 'mongodb';
import { now as clock } from '../../../core/clock.ts';

/** Temporary contents and conversations live this long. */
const cleanupAgeDays = 30;

const dayMs = 86_400_000;

/** How many documents a cleanup has deleted. */
export interface CleanupReport {
  readonly deletedConversations: number;
  readonly deletedContents: number;
}

/**
 * Deletes conversations and temporary contents older than 30 days, except those with `metadata.keep: true`.
 * `database` is `taishang_content`; `now` decides what is old. Default: the clock. Throws what the driver throws.
 *
 *     const { deletedContents } = await cleanUpOldData(client.db('taishang_content'));
 */
export async function cleanUpOldData(database: Db, now = clock()): Promise<CleanupReport> {
  const old = { created_at: { $lt: new Date(now.getTime() - cleanupAgeDays * dayMs) }, 'metadata.keep': { $ne: true } };
  const conversations = await database.collection('ai_conversations').deleteMany(old);
  const contents = await database.collection('user_contents').deleteMany({ ...old, content_type: 'temp' });
  return { deletedConversations: conversations.deletedCount, deletedContents: contents.deletedCount };
}

/** A document of `data_statistics`. */
export interface DataStatistics {
  /** When it was counted. */
  readonly timestamp: Date;
  readonly collections: {
    readonly user_contents: {
      /** Documents. */
      readonly total: number;
      readonly by_type: Readonly<Record<string, number>>;
      readonly by_silicon_level: Readonly<Record<string, number>>;
      /** Documents without a level; those with a level outside 0 to 5. */
      readonly silicon_level_missing: number;
      readonly silicon_level_out_of_range: number;
    };
    readonly ai_conversations: {
      readonly total: number;
      /** Sessions that have a conversation. */
      readonly active_sessions: number;
      /** 0 where there is no conversation. */
      readonly avg_messages_per_session: number;
    };
  };
}

/**
 * Counts contents and conversations, and keeps the result in `data_statistics`.
 * `database` is `taishang_content`; `now` is the time in the result. Default: the clock. Throws what the driver throws.
 *
 *     const { collections } = await generateDataStatistics(client.db('taishang_content'));
 *     console.log(collections.user_contents.by_type.article);
 */
export async function generateDataStatistics(database: Db, now = clock()): Promise<DataStatistics> {
  const contents = database.collection('user_contents');
  const conversations = database.collection('ai_conversations');
  const [average] = await conversations
    .aggregate<{ messages: number }>([
      { $project: { count: { $size: { $ifNull: ['$messages', []] } } } },
      { $group: { _id: null, messages: { $avg: '$count' } } },
    ])
    .toArray();
  const statistics: DataStatistics = {
    timestamp: now,
    collections: {
      user_contents: {
        total: await contents.countDocuments(),
        by_type: await countBy(database, '$content_type'),
        by_silicon_level: await countBy(database, '$silicon_level'),
        silicon_level_missing: await contents.countDocuments({ silicon_level: { $exists: false } }),
        silicon_level_out_of_range: await contents.countDocuments({
          $or: [{ silicon_level: { $lt: 0 } }, { silicon_level: { $gt: 5 } }],
        }),
      },
      ai_conversations: {
        total: await conversations.countDocuments(),
        active_sessions: (await conversations.distinct('session_id')).length,
        avg_messages_per_session: average?.messages ?? 0,
      },
    },
  };
  // The driver adds an `_id` to what it inserts: a copy keeps the result as it is.
  await database.collection('data_statistics').insertOne({ ...statistics });
  return statistics;
}

async function countBy(database: Db, field: string): Promise<Record<string, number>> {
  const groups = await database
    .collection('user_contents')
    .aggregate<{ _id: unknown; count: number }>([{ $group: { _id: field, count: { $sum: 1 } } }])
    .toArray();
  return Object.fromEntries(groups.filter(({ _id }) => _id !== null).map(({ _id, count }) => [String(_id), count]));
}

/**
 * Notes in `backup_logs` that a collection was backed up, or that it failed.
 * `database` is `taishang_content`; `now` is the time of the note. Default: the clock. Throws what the driver throws.
 *
 *     const entry = { collection: 'user_contents', backupPath: '/backups/contents.bson', status: 'completed' } as const;
 *     await logBackup(client.db('taishang_content'), entry);
 */
export async function logBackup(
  database: Db,
  entry: { readonly collection: string; readonly backupPath: string; readonly status: 'completed' | 'failed' },
  now = clock(),
): Promise<void> {
  await database.collection('backup_logs').insertOne({
    collection: entry.collection,
    backup_path: entry.backupPath,
    timestamp: now,
    status: entry.status,
  });
}
