import type { Db, Document } from 'mongodb';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe } from 'vitest';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { mongodb } from '../../../sandbox/engines/mongodb/engine.ts';
import { uri } from '../../../sandbox/engines/mongodb/server/connection.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { fewRows } from '../../support/few-rows.ts';
import { type Mutation, testMutations } from '../support/mutations.ts';

let stack: Stack<'mongodb'>;
let running: RunningEngine;
let client: MongoClient;

const user = { createUser: 'reader', pwd: 'password', roles: [{ role: 'read', db: 'taishang_content' }] };
const privilege = (action: string) => ({
  resource: { db: 'taishang_content', collection: 'user_contents' },
  actions: [action],
});
const lifetime = { expireAfterSeconds: 86_400, name: 'lifetime' };

beforeAll(async () => {
  stack = await createStack({ engines: ['mongodb'], size: fewRows, connect: false });
  running = stack.engines.mongodb;
  client = await new MongoClient(uri(running)).connect();
  const database = client.db('taishang_content');
  await database.command({ collMod: 'user_contents', validationLevel: 'strict', validationAction: 'error' });
  await database.command(user);
  await database.command({ createRole: 'reading', privileges: [privilege('find')], roles: [] });
  await database.collection('backup_logs').createIndex({ at: 1 }, lifetime);
});
afterAll(async () => {
  await client?.close();
  await stack?.dispose();
});

const documents = 'user_contents documents';
const collection = 'user_contents collection';

/** Changes the first document, and puts it back as it was. */
async function changing(
  database: Db,
  change: (document: Document) => Promise<unknown>,
): Promise<() => Promise<unknown>> {
  const contents = database.collection('user_contents');
  const [document] = await contents.find({}, { promoteValues: false }).sort({ _id: 1 }).limit(1).toArray();
  if (document === undefined) throw new Error('no document');
  await change(document);
  return () => contents.replaceOne({ _id: document._id }, document, { upsert: true });
}

async function optionsOf(database: Db): Promise<Document> {
  const [found] = await database.listCollections({ name: 'user_contents' }).toArray();
  return (found as { options?: Document } | undefined)?.options ?? {};
}

const mutations: readonly Mutation<Db>[] = [
  {
    name: 'one changed letter of a document',
    parts: [documents],
    damage: (database) =>
      changing(database, ({ _id, title }) =>
        database.collection('user_contents').updateOne({ _id }, { $set: { title: `~${String(title).slice(1)}` } }),
      ),
  },
  {
    name: 'a number of another type',
    parts: [documents],
    damage: (database) =>
      changing(database, ({ _id }) =>
        database
          .collection('user_contents')
          .updateOne({ _id }, [{ $set: { silicon_level: { $toDouble: '$silicon_level' } } }], {
            bypassDocumentValidation: true,
          }),
      ),
  },
  {
    name: 'a lost document',
    parts: [documents],
    damage: (database) => changing(database, ({ _id }) => database.collection('user_contents').deleteOne({ _id })),
  },
  {
    name: 'a changed validator',
    parts: [collection],
    damage: async (database) => {
      const { validator } = await optionsOf(database);
      await database.command({ collMod: 'user_contents', validator: { title: { $type: 'string' } } });
      return () => database.command({ collMod: 'user_contents', validator });
    },
  },
  {
    name: 'a validator that holds for new documents alone',
    parts: [collection],
    damage: async (database) => {
      await database.command({ collMod: 'user_contents', validationLevel: 'moderate' });
      return () => database.command({ collMod: 'user_contents', validationLevel: 'strict' });
    },
  },
  {
    name: 'a validator that warns instead of refusing',
    parts: [collection],
    damage: async (database) => {
      await database.command({ collMod: 'user_contents', validationAction: 'warn' });
      return () => database.command({ collMod: 'user_contents', validationAction: 'error' });
    },
  },
  {
    name: 'a lost index',
    parts: [collection],
    damage: async (database) => {
      await database.collection('user_contents').dropIndex('silicon_level_1');
      return () => database.collection('user_contents').createIndex({ silicon_level: 1 });
    },
  },
  {
    name: 'an index that became unique',
    parts: ['backup_logs collection'],
    damage: async (database) => {
      await database.collection('backup_logs').dropIndex('lifetime');
      await database.collection('backup_logs').createIndex({ at: 1 }, { ...lifetime, unique: true });
      return async () => {
        await database.collection('backup_logs').dropIndex('lifetime');
        await database.collection('backup_logs').createIndex({ at: 1 }, lifetime);
      };
    },
  },
  {
    name: 'a lost lifetime of an index',
    parts: ['backup_logs collection'],
    damage: async (database) => {
      await database.collection('backup_logs').dropIndex('lifetime');
      await database.collection('backup_logs').createIndex({ at: 1 }, { name: 'lifetime' });
      return async () => {
        await database.collection('backup_logs').dropIndex('lifetime');
        await database.collection('backup_logs').createIndex({ at: 1 }, lifetime);
      };
    },
  },
  {
    name: 'a lost user',
    parts: ['users'],
    damage: async (database) => {
      await database.command({ dropUser: 'reader' });
      return () => database.command(user);
    },
  },
  {
    name: 'a user with another role',
    parts: ['users'],
    damage: async (database) => {
      await database.command({ grantRolesToUser: 'reader', roles: ['readWrite'] });
      return () => database.command({ revokeRolesFromUser: 'reader', roles: ['readWrite'] });
    },
  },
  {
    name: 'a role that may more',
    parts: ['roles'],
    damage: async (database) => {
      const change = (privileges: object[]) => database.command({ updateRole: 'reading', privileges, roles: [] });
      await change([privilege('find'), privilege('remove')]);
      return () => change([privilege('find')]);
    },
  },
];

describe('the fingerprint of MongoDB notices', () => {
  testMutations(
    mutations,
    () => client.db('taishang_content'),
    () => mongodb.data.fingerprint(running),
  );
});
