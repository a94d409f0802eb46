import { readFile } from 'node:fs/promises';
import type { Db, MongoClient } from 'mongodb';
import { messageOf } from '../../core/errors.ts';
import type { SchemaOptions, SchemaReport } from '../engine.ts';
import { schemaDifferent, schemaFailed } from '../schema-errors.ts';
import type { RunningEngine } from '../topology.ts';
import {
  type CollectionName,
  type CollectionSchema,
  collectionNames,
  indexName,
  isTextIndex,
  schemaDirectory,
  schemaFile,
} from './collections.ts';
import { recordDatabaseName, withClient } from './connection.ts';

/**
 * Creates the collections with their validators and indexes.
 * Throws `SCHEMA_DIFFERENT` where one was made from another file and `reset` is false (with it the collection is
 * dropped and made anew), and `SCHEMA_FAILED` with the file, its line where it is no JSON, and the server's message.
 * The stand-in has no text indexes: there, and only there, they are left out. `directory` holds the files.
 */
export async function applySchema(
  running: RunningEngine,
  { reset, directory = schemaDirectory }: SchemaOptions,
): Promise<SchemaReport> {
  const withText = running.image.origin !== 'compatible';
  return withClient(running, async (database, client) => {
    const applied: CollectionName[] = [];
    for (const name of collectionNames) {
      if (await applyCollection({ database, client, name, reset, directory, withText })) applied.push(name);
    }
    return { applied, alreadyPresent: collectionNames.length - applied.length };
  });
}

interface Application {
  readonly database: Db;
  readonly client: MongoClient;
  readonly name: CollectionName;
  readonly reset: boolean;
  readonly directory: string;
  readonly withText: boolean;
}

async function applyCollection({ database, client, name, reset, directory, withText }: Application): Promise<boolean> {
  const file = schemaFile(name, directory);
  const wanted = await readFile(file, 'utf8');
  const schema = parse(wanted, file);
  const applied = await readRecord(client, `schema ${name}`);
  const isThere = await database.listCollections({ name }).hasNext();
  // What a service has dropped is made again: the collection always, its indexes with `reset`.
  if (applied === wanted && isThere && !reset) return false;
  if (applied !== undefined && applied !== wanted) {
    if (!reset) throw schemaDifferent('mongodb', `The collection ${name}`, { file, there: applied, wanted });
    await database.dropCollection(name);
  }
  try {
    const { validator, indexes } = schema;
    const there = await database.listCollections({ name }).toArray();
    if (there.length === 0) await database.createCollection(name, validator === undefined ? {} : { validator });
    for (const key of indexes) {
      if (withText || !isTextIndex(key))
        await database.collection(name).createIndex({ ...key }, { name: indexName(key) });
    }
  } catch (thrown) {
    throw schemaFailed('mongodb', file, messageOf(thrown), thrown);
  }
  await writeRecord(client, `schema ${name}`, wanted);
  return applied !== wanted || !isThere;
}

/** Node names the place in the text: `... (line 3 column 5)`. */
function parse(text: string, file: string): CollectionSchema {
  try {
    return JSON.parse(text) as CollectionSchema;
  } catch (thrown) {
    const line = /line (\d+)/.exec(messageOf(thrown))?.[1];
    throw schemaFailed('mongodb', line === undefined ? file : `${file}:${line}`, messageOf(thrown), thrown);
  }
}

/** What was applied or loaded. */
export async function readRecord(client: MongoClient, name: string): Promise<string | undefined> {
  const record = await client.db(recordDatabaseName).collection<SandboxRecord>('records').findOne({ _id: name });
  return record?.text;
}

export async function writeRecord(client: MongoClient, name: string, text: string | undefined): Promise<void> {
  const records = client.db(recordDatabaseName).collection<SandboxRecord>('records');
  if (text === undefined) await records.deleteOne({ _id: name });
  else await records.replaceOne({ _id: name }, { text }, { upsert: true });
}

interface SandboxRecord {
  readonly _id: string;
  readonly text: string;
}
