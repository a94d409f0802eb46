import { randomBytes } from 'node:crypto';
import type { Db, MongoClient } from 'mongodb';
import { withoutUndefined } from '../../../../core/without-undefined.ts';
import { insertLimits, insertRaw } from '../../data/raw-insert.ts';
import type { OrderedDocument } from './bson-bytes.ts';
import { batchesOf } from './bson-file.ts';
import type { Export, ExportedCollection } from './export-format.ts';

/**
 * What `create` takes of a collection's options (MongoDB documentation, "create"). Whatever else an archive has there
 * would be a word of the command itself.
 */
const createOptions = new Set([
  ...['capped', 'size', 'max', 'timeseries', 'expireAfterSeconds', 'clusteredIndex', 'changeStreamPreAndPostImages'],
  ...['storageEngine', 'validator', 'validationLevel', 'validationAction', 'indexOptionDefaults', 'viewOn', 'pipeline'],
  ...['collation', 'encryptedFields', 'recordIdsReplicated'],
]);

/** Makes the collections anew, in the database that `databaseOf` names for each; views last. */
export async function importCollections(
  client: MongoClient,
  collections: readonly ExportedCollection[],
  databaseOf: (database: string) => string,
): Promise<void> {
  const isView = ({ type }: ExportedCollection) => type === 'view';
  for (const collection of collections.filter((each) => !isView(each))) {
    await importCollection(client.db(databaseOf(collection.database)), collection);
  }
  for (const view of collections.filter(isView)) await createCollection(client.db(databaseOf(view.database)), view);
}

/**
 * Indexes first: built over what is there they take the stand-in three times as long as the inserts with them
 * (docs/loading.md). Those that delete what is old come last, so that all of it has been there.
 */
async function importCollection(database: Db, collection: ExportedCollection): Promise<void> {
  const { name, indexes, read } = collection;
  const hasLifetime = (index: OrderedDocument) => index.has('expireAfterSeconds');
  await createCollection(database, collection);
  await createIndexes(
    database,
    name,
    indexes.filter((index) => !hasLifetime(index)),
  );
  for await (const batch of batchesOf(read(), insertLimits)) await insertRaw(database, name, batch);
  await createIndexes(database, name, indexes.filter(hasLifetime));
}

/** Makes a collection, or a view, of these options. */
export async function createCollection(
  database: Db,
  { name, options }: Pick<ExportedCollection, 'name' | 'options'>,
): Promise<void> {
  // `system.js` is there once something is in it, and cannot be made.
  if (name === 'system.js') return;
  const taken = [...options].filter(([option]) => createOptions.has(option));
  await database.command({ create: name, ...Object.fromEntries(taken) });
}

/** Makes indexes as they are listed. */
export async function createIndexes(database: Db, name: string, indexes: readonly OrderedDocument[]): Promise<void> {
  if (indexes.length > 0) await database.command({ createIndexes: name, indexes });
}

/**
 * Roles, and users with a password that nobody knows: the stand-in shows the hashes of passwords, but takes none.
 * Somebody has to give them their passwords again. Roles that others inherit from are made before they are inherited.
 */
export async function importPrincipals(client: MongoClient, { users, roles }: Export): Promise<void> {
  for (const role of roles) {
    const command = { createRole: role.get('role'), privileges: role.get('privileges'), roles: [] };
    await client.db(String(role.get('db'))).command(command);
  }
  for (const role of roles) {
    const inherited = role.get('roles');
    if (!Array.isArray(inherited) || inherited.length === 0) continue;
    await client.db(String(role.get('db'))).command({ updateRole: role.get('role'), roles: inherited });
  }
  for (const user of users) {
    const pwd = randomBytes(32).toString('base64url');
    const customData = user.get('customData');
    const extra = withoutUndefined({ customData });
    await client
      .db(String(user.get('db')))
      .command({ createUser: user.get('user'), pwd, roles: user.get('roles'), ...extra });
  }
}
