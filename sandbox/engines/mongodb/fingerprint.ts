import { createHash } from 'node:crypto';
import { BSON, type Db, type Document } from 'mongodb';
import type { Fingerprint, RunningEngine } from '../engine.ts';
import { withClient } from './connection.ts';

/**
 * The same data means: the same documents under the same keys, type by type; and collections with the same options and
 * indexes.
 */
export async function fingerprint(running: RunningEngine): Promise<Fingerprint> {
  return withClient(running, async (database) => {
    const parts: Record<string, string> = {};
    for (const { name, options, indexes } of await readCatalogue(database)) {
      parts[`${name} collection`] = hashOf([canonical({ options, indexes })]);
      parts[`${name} documents`] = await hashOfDocuments(database, name);
    }
    return { parts };
  });
}

/** A collection as it can be made anew. */
export interface CollectionDescription {
  readonly name: string;
  readonly options: Document;
  /** Without the index on `_id`, which every collection has. */
  readonly indexes: readonly Document[];
}

/** Collections of the database by name. What differs from server to server without a meaning is left out. */
export async function readCatalogue(database: Db): Promise<readonly CollectionDescription[]> {
  const collections = await database.listCollections().toArray();
  const names = collections
    .filter(({ name }) => !name.startsWith('system.'))
    .toSorted((left, right) => (left.name < right.name ? -1 : 1));
  return Promise.all(
    names.map(async (collection) => ({
      name: collection.name,
      options: ('options' in collection ? collection.options : undefined) ?? {},
      indexes: (await database.collection(collection.name).listIndexes().toArray())
        .filter(({ name }) => name !== '_id_')
        .map(({ v: _version, ns: _namespace, ...index }) => index)
        .toSorted((left, right) => (left.name < right.name ? -1 : 1)),
    })),
  );
}

async function hashOfDocuments(database: Db, name: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const document of database.collection(name).find().sort({ _id: 1 }))
    hash.update(`${canonical(document)}\n`);
  return hash.digest('hex');
}

function hashOf(lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/** Canonical extended JSON: each value with its type. The order of fields is part of a document. */
export function canonical(document: Document): string {
  return BSON.EJSON.stringify(document, { relaxed: false });
}
