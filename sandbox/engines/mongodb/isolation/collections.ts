import type { Db } from 'mongodb';
import { type CollectionDescription, readCatalogue } from '../backup/catalogue.ts';
import { orderedDocument, textOf } from '../backup/export/bson-bytes.ts';
import { createCollection, createIndexes } from '../backup/export/driver-import.ts';

/** Makes collections, their indexes and, last, the views over them. */
export async function makeCollections(database: Db, collections: readonly CollectionDescription[]): Promise<void> {
  const isView = ({ type }: CollectionDescription) => type === 'view';
  for (const collection of [...collections.filter((each) => !isView(each)), ...collections.filter(isView)]) {
    await createCollection(database, { name: collection.name, options: orderedDocument(collection.options) });
    await createIndexes(
      database,
      collection.name,
      collection.indexes.map((index) => orderedDocument(index)),
    );
  }
}

/** How collections differ from those that are wanted, by name. */
export interface CatalogueDifference {
  readonly added: readonly CollectionDescription[];
  readonly missing: readonly CollectionDescription[];
  /** Of another type, or with other options: a validator, a collation, a cap. They are made anew. */
  readonly changed: readonly CollectionDescription[];
  /** The same but for their indexes. */
  readonly reindexed: readonly Reindexed[];
}

interface Reindexed {
  readonly name: string;
  readonly added: readonly string[];
  readonly missing: readonly Buffer[];
}

export function catalogueDifference(
  wanted: readonly CollectionDescription[],
  found: readonly CollectionDescription[],
): CatalogueDifference {
  const pairs = wanted.map((collection) => ({ collection, there: found.find(({ name }) => name === collection.name) }));
  const isSame = (one: CollectionDescription, other: CollectionDescription) =>
    one.type === other.type && one.options.equals(other.options);
  return {
    added: found.filter(({ name }) => !wanted.some((each) => each.name === name)),
    missing: pairs.filter(({ there }) => there === undefined).map(({ collection }) => collection),
    changed: pairs
      .filter(({ collection, there }) => there && !isSame(collection, there))
      .map(({ collection }) => collection),
    reindexed: pairs.flatMap(({ collection, there }) => {
      if (there === undefined || !isSame(collection, there)) return [];
      const without = (indexes: readonly Buffer[], others: readonly Buffer[]) =>
        indexes.filter((index) => !others.some((other) => other.equals(index)));
      const added = without(there.indexes, collection.indexes).map((index) => textOf(index, 'name') ?? '');
      const missing = without(collection.indexes, there.indexes);
      return added.length + missing.length === 0 ? [] : [{ name: collection.name, added, missing }];
    }),
  };
}

/** What was put right of a catalogue. */
interface MendedCatalogue {
  /** Whether anything was. */
  readonly isMended: boolean;
  /** Names of collections that are empty now, since they were made anew. */
  readonly empty: ReadonlySet<string>;
}

/** Puts collections and indexes right. */
export async function mendCatalogue(place: Db, wanted: readonly CollectionDescription[]): Promise<MendedCatalogue> {
  const { added, missing, changed, reindexed } = catalogueDifference(wanted, await readCatalogue(place));
  for (const { name } of [...added, ...changed]) await place.dropCollection(name);
  for (const { name, added: indexes } of reindexed) {
    for (const index of indexes) await place.collection(name).dropIndex(index);
  }
  await makeCollections(place, [...missing, ...changed]);
  for (const { name, missing: indexes } of reindexed) {
    // Built over documents that may break it, such as two of the same unique key: those go first.
    if (indexes.length > 0) await place.collection(name).deleteMany({});
    await createIndexes(
      place,
      name,
      indexes.map((index) => orderedDocument(index)),
    );
  }
  const refilled = [...missing, ...changed, ...reindexed.filter((each) => each.missing.length > 0)];
  return {
    isMended: added.length + reindexed.length + refilled.length > 0,
    empty: new Set(refilled.map(({ name }) => name)),
  };
}

/** What differs of collections and indexes, for people. */
export function namesOfDifference({ added, missing, changed, reindexed }: CatalogueDifference): readonly string[] {
  return [
    ...added.map(({ name }) => `collection ${name} was added`),
    ...missing.map(({ name }) => `collection ${name} is gone`),
    ...changed.map(({ name }) => `collection ${name} has other options`),
    ...reindexed.flatMap(({ name, added: extra, missing: gone }) => [
      ...extra.map((index) => `index ${index} of ${name} was added or is different`),
      ...gone.map((index) => `index ${textOf(index, 'name')} of ${name} is gone or different`),
    ]),
  ];
}
