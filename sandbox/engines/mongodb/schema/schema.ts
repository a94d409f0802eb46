import { readFile } from 'node:fs/promises';
import type { Db, MongoClient } from 'mongodb';
import { messageOf } from '../../../core/errors.ts';
import { withoutUndefined } from '../../../core/without-undefined.ts';
import { nameOfGap, type SchemaGap } from '../../contract/schema/schema-gap.ts';
import type { SchemaOptions, SchemaReport } from '../../contract/schema.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { schemaDifferent, schemaFailed } from '../../shared/load/schema-errors.ts';
import { loadRecords } from '../data/load-records.ts';
import { readRecord, writeRecord } from '../data/records.ts';
import { withClient } from '../server/connection.ts';
import {
  type CollectionName,
  type CollectionSchema,
  collectionNames,
  indexName,
  isTextIndex,
  schemaDirectory,
  schemaFile,
} from './collections.ts';
import { gapsOfCollection, hasTextIndexes, type WantedCollection } from './schema-gaps.ts';

/**
 * Creates the collections with their validators and indexes.
 * Throws `SCHEMA_DIFFERENT` where one was made from another file and `reset` is false (with it the collection is
 * dropped and made anew), and `SCHEMA_FAILED` with the file, its line where it is no JSON, and the server's message.
 * The stand-in has no text indexes: there, and only there, they are left out. `directory` holds the files.
 */
export async function applySchema(
  running: RunningEngine,
  { reset, keep = false, directory = schemaDirectory }: SchemaOptions,
): Promise<SchemaReport> {
  const withText = hasTextIndexes(running);
  return withClient(running, async (database, client) => {
    const applied: string[] = [];
    let alreadyPresent = 0;
    for (const name of collectionNames) {
      const made = await applyCollection({ database, client, name, reset, keep, directory, withText });
      applied.push(...made);
      if (made.length === 0) alreadyPresent += 1;
    }
    return { applied, alreadyPresent };
  });
}

interface Application extends Required<SchemaOptions> {
  readonly database: Db;
  readonly client: MongoClient;
  readonly name: CollectionName;
  readonly withText: boolean;
}

/** Returns the names of what was made, or made the same again. */
async function applyCollection(application: Application): Promise<readonly string[]> {
  const { database, client, name, reset, keep, directory, withText } = application;
  const file = schemaFile(name, directory);
  const wanted = await readFile(file, 'utf8');
  const schema = parse(wanted, file);
  const applied = await readRecord(client, `schema ${name}`);
  if (applied !== undefined && applied !== wanted && !reset)
    throw schemaDifferent('mongodb', `The collection ${name}`, { file, there: applied, wanted });
  if (keep && !reset) return [];
  try {
    const isReplaced = applied !== undefined && applied !== wanted;
    // Before documents go: whatever happens next, nobody may take the dataset for loaded, or half of it for the rest.
    if (isReplaced) {
      await loadRecords(client).forget();
      await database.dropCollection(name);
    }
    const found = await gapsOfCollection(database, { name, schema, withText });
    // What is different is somebody's doing: only a reset may undo it.
    const gaps = found.filter(({ what }) => reset || what === 'missing');
    if (gaps.some(({ kind, what }) => kind === 'collection' && what === 'different'))
      await loadRecords(client).forget();
    await closeGaps(database, { name, schema, withText, gaps });
    if (applied !== wanted) await writeRecord(client, `schema ${name}`, wanted);
    return applied === wanted ? gaps.map(nameOfGap) : [name];
  } catch (thrown) {
    throw schemaFailed('mongodb', file, messageOf(thrown), thrown);
  }
}

/** Makes what a collection lacks, and the same what is different. A service's own indexes stay. */
async function closeGaps(
  database: Db,
  { name, schema: { validator, indexes }, withText, gaps }: WantedCollection & { readonly gaps: readonly SchemaGap[] },
): Promise<void> {
  const ofKind = (kind: string) => gaps.find((gap) => gap.kind === kind);
  const collection = ofKind('collection');
  if (collection?.what === 'different') await database.dropCollection(name);
  if (collection !== undefined) await database.createCollection(name, withoutUndefined({ validator }));
  else if (ofKind('validator') !== undefined)
    await database.command({
      collMod: name,
      validator: validator ?? {},
      validationLevel: 'strict',
      validationAction: 'error',
    });
  for (const key of indexes) {
    const gap = gaps.find((each) => each.kind === 'index' && each.name === indexName(key));
    if ((collection === undefined && gap === undefined) || (isTextIndex(key) && !withText)) continue;
    if (gap?.what === 'different' && collection === undefined)
      await database.collection(name).dropIndex(indexName(key));
    await database.collection(name).createIndex({ ...key }, { name: indexName(key) });
  }
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
