import { createHash, hash } from 'node:crypto';
import { BSON, type Collection, type Db } from 'mongodb';
import type { CollectionDescription } from '../backup/catalogue.ts';
import { documentOf, elementsOf } from '../backup/export/bson-bytes.ts';
import { batchesOf } from '../backup/export/bson-file.ts';
import { insertLimits, insertRaw } from '../data/raw-insert.ts';

/** A digest of each document by its `_id`, both as bytes in a text: some 100 bytes of memory a document. */
export type Digests = ReadonlyMap<string, string>;

/** Documents that are read, or named in a filter, at once. */
const documentsAtOnce = 1_000;

/** What has documents that can be put right one by one. In a capped collection they have an order, in a time series no key. */
export function isMendable({ type, options }: CollectionDescription): boolean {
  return type === 'collection' && !elementsOf(options).some(({ name }) => name === 'capped' || name === 'timeseries');
}

/** Reads every document. What is not mendable has one digest of all of it, and a view none. */
export async function digestsOf(database: Db, collection: CollectionDescription): Promise<Digests> {
  const digests = new Map<string, string>();
  if (collection.type === 'view') return digests;
  const whole = createHash('sha1');
  for await (const document of rawDocuments(database.collection(collection.name))) {
    const digest = hash('sha1', document, 'binary');
    const id = elementsOf(document).find(({ name }) => name === '_id');
    if (isMendable(collection) && id !== undefined) digests.set(id.bytes.toString('latin1'), digest);
    else whole.update(digest, 'latin1');
  }
  if (!isMendable(collection)) digests.set('', whole.digest().toString('latin1'));
  return digests;
}

/** Keys of documents, by what has happened to them. */
export interface ContentDifference {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

export function differenceOf(wanted: Digests, found: Digests): ContentDifference {
  const changed = [...found].filter(([key, digest]) => wanted.has(key) && wanted.get(key) !== digest);
  return {
    added: [...found.keys()].filter((key) => !wanted.has(key)),
    changed: changed.map(([key]) => key),
    removed: [...wanted.keys()].filter((key) => !found.has(key)),
  };
}

/** Copies all documents of a collection into an empty one, as the bytes that they are. */
export async function copyDocuments(from: Db, to: Db, name: string): Promise<void> {
  for await (const batch of batchesOf(rawDocuments(from.collection(name)), insertLimits)) {
    await insertRaw(to, name, batch);
  }
}

/** Puts right what differs of a mendable collection, or all of it where that is less work. */
export async function mendDocuments(
  { template, place, name }: { readonly template: Db; readonly place: Db; readonly name: string },
  { added, changed, removed }: ContentDifference,
  seedCount: number,
): Promise<void> {
  const [leaving, coming] = [
    [...added, ...changed],
    [...removed, ...changed],
  ];
  if (leaving.length + coming.length > Math.max(seedCount, documentsAtOnce)) {
    await place.collection(name).deleteMany({});
    return copyDocuments(template, place, name);
  }
  for (const ids of pagesOf(leaving)) await place.collection(name).deleteMany({ _id: { $in: ids } } as object);
  for (const ids of pagesOf(coming)) {
    const found = rawDocuments(template.collection(name), { _id: { $in: ids } });
    for await (const batch of batchesOf(found, insertLimits)) await insertRaw(place, name, batch);
  }
}

/** The keys as values of `_id`. */
function* pagesOf(keys: readonly string[]): Generator<readonly unknown[]> {
  for (let first = 0; first < keys.length; first += documentsAtOnce) {
    yield keys.slice(first, first + documentsAtOnce).map((key) => {
      const element = documentOf([{ bytes: Buffer.from(key, 'latin1') }]);
      return BSON.deserialize(element, { promoteValues: false, bsonRegExp: true })._id;
    });
  }
}

function rawDocuments(collection: Collection, filter: object = {}): AsyncIterable<Buffer> {
  return collection.find(filter, { raw: true, batchSize: documentsAtOnce }) as unknown as AsyncIterable<Buffer>;
}
