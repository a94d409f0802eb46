import type { Db } from 'mongodb';
import { withClient } from '../../../../sandbox/engines/mongodb/server/connection.ts';
import type { Breakage, SchemaTrial } from './schema-trial.ts';

const breakage = (told: readonly string[], act: (database: Db) => Promise<unknown>, alone?: true): Breakage => ({
  act: (running) => withClient(running, act),
  told,
  ...(alone === undefined ? {} : { alone }),
});

export const mongodb: SchemaTrial = {
  add: (running) =>
    withClient(running, async (database) => {
      await database.createCollection('service', { validator: { $jsonSchema: { required: ['id'] } } });
      await database.collection('service').createIndex({ id: 1 }, { unique: true });
      await database.collection('user_contents').createIndex({ 'metadata.service': 1 });
    }),
  breakages: () => [
    breakage(['index silicon_level_1 missing'], (database) =>
      database.collection('user_contents').dropIndex('silicon_level_1'),
    ),
    breakage(['index tags_1 different'], async (database) => {
      await database.collection('user_contents').dropIndex('tags_1');
      await database.collection('user_contents').createIndex({ tags: -1 }, { name: 'tags_1' });
    }),
    breakage(['index session_id_1 different'], async (database) => {
      await database.collection('ai_conversations').dropIndex('session_id_1');
      await database
        .collection('ai_conversations')
        .createIndex({ session_id: 1 }, { name: 'session_id_1', sparse: true });
    }),
    breakage(['validator user_contents different'], (database) =>
      database.command({ collMod: 'user_contents', validator: {} }),
    ),
    breakage(['validator ai_conversations different'], (database) =>
      database.command({ collMod: 'ai_conversations', validationAction: 'warn' }),
    ),
    breakage(['collection backup_logs missing'], (database) => database.dropCollection('backup_logs')),
    breakage(['validator data_statistics different'], (database) =>
      database.command({ collMod: 'data_statistics', validator: { $jsonSchema: { required: ['other'] } } }),
    ),
    breakage(['collection ai_conversations missing'], (database) => database.dropCollection('ai_conversations'), true),
  ],
  catalogue: (running) =>
    withClient(running, async (database) => {
      const collections = await database.listCollections().toArray();
      const found = await Promise.all(
        collections.map(async ({ name, ...collection }) => {
          const { type, options } = collection as { type?: string; options?: object };
          const indexes = await database.collection(name).listIndexes().toArray();
          const byName = indexes.toSorted((left, right) => (left.name < right.name ? -1 : 1));
          // As the server takes them where nobody says otherwise.
          const strictness = { validationLevel: 'strict', validationAction: 'error' };
          return { name, type, options: { validator: {}, ...strictness, ...options }, indexes: byName };
        }),
      );
      return found.toSorted((left, right) => (left.name < right.name ? -1 : 1));
    }),
};
