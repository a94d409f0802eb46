import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BSON, type Document, type MongoClient } from 'mongodb';
import { messageOf } from '../../core/errors.ts';
import { backupRefused } from '../backup-files.ts';
import { parseDocument, readDocuments } from './bson-file.ts';
import { catalogueFile, type ExportCatalogue, type ExportedCollection } from './driver-export.ts';

/** Documents of a batch when they are written back. */
const batchDocuments = 1_000;

/** Reads every file from its beginning to its end before the target is touched. Throws `BACKUP_PART_UNREADABLE`. */
export async function readExport(directory: string): Promise<ExportCatalogue> {
  const path = join(directory, catalogueFile);
  const catalogue = await readFile(path, 'utf8')
    .then((text) => BSON.EJSON.parse(text, { relaxed: false }) as ExportCatalogue)
    .catch((thrown) => {
      throw unreadable(catalogueFile, messageOf(thrown));
    });
  const { collections, users, roles } = catalogue;
  if (![collections, users, roles].every(Array.isArray)) throw unreadable(catalogueFile, 'it is no catalogue');
  for (const { file, documents } of collections) {
    if (file === undefined) continue;
    const found = await countDocuments(join(directory, file)).catch((thrown) => {
      throw unreadable(file, messageOf(thrown));
    });
    if (found !== Number(documents)) throw unreadable(file, `it has ${found} documents instead of ${documents}`);
  }
  return catalogue;
}

async function countDocuments(file: string): Promise<number> {
  let found = 0;
  for await (const _ of readDocuments(file)) found += 1;
  return found;
}

function unreadable(file: string, reason: string): Error {
  return backupRefused('BACKUP_PART_UNREADABLE', 'mongodb', `${file} is not what it claims to be: ${reason}`);
}

/** Makes the collections anew, in the database that `databaseOf` names for each; views last. */
export async function importCollections(
  client: MongoClient,
  directory: string,
  collections: readonly ExportedCollection[],
  databaseOf: (database: string) => string,
): Promise<void> {
  for (const collection of collections.filter(({ file }) => file !== undefined)) {
    await importCollection(client, directory, collection, databaseOf(collection.database));
  }
  for (const { database, name, options } of collections.filter(({ file }) => file === undefined)) {
    await client.db(databaseOf(database)).createCollection(name, options);
  }
}

async function importCollection(
  client: MongoClient,
  directory: string,
  { name, options, indexes, file = '' }: ExportedCollection,
  databaseName: string,
): Promise<void> {
  const collection = await client.db(databaseName).createCollection(name, options);
  // A validator may be younger than the documents that it would refuse; indexes are faster to build over what is there.
  const settings = { ordered: false, bypassDocumentValidation: true } as const;
  let batch: Document[] = [];
  for await (const bytes of readDocuments(join(directory, file))) {
    batch.push(parseDocument(bytes));
    if (batch.length < batchDocuments) continue;
    await collection.insertMany(batch, settings);
    batch = [];
  }
  if (batch.length > 0) await collection.insertMany(batch, settings);
  for (const { key, ...rest } of indexes.map(plain)) await collection.createIndex(key, rest);
}

/** Numbers of the catalogue have BSON's types; the driver takes an index's direction as JavaScript's number alone. */
function plain(index: Document): Document {
  return BSON.deserialize(BSON.serialize(index));
}

/**
 * Roles, and users with a password that nobody knows: the stand-in shows the hashes of passwords, but takes none.
 * Somebody has to give them their passwords again.
 */
export async function importPrincipals(client: MongoClient, { users, roles }: ExportCatalogue): Promise<void> {
  for (const { role, db, privileges, roles: inherited } of roles) {
    await client.db(db).command({ createRole: role, privileges, roles: inherited });
  }
  for (const { user, db, roles: granted, customData } of users) {
    const pwd = randomBytes(32).toString('base64url');
    const extra = customData === undefined ? {} : { customData };
    await client.db(db).command({ createUser: user, pwd, roles: granted, ...extra });
  }
}
