import type { QdrantClient } from '@qdrant/js-client-rest';
import { sha256Of } from '../../../core/sha256-of.ts';
import { derivedName } from '../../../core/text/derived-names.ts';

/** Collections that a restore beside the live data has made end in this. */
const restoreSuffix = '_restore';

/**
 * Longest name of a collection that the server can make a snapshot of, in bytes: the name is part of that of a file, with
 * peer, moment and what is added while it is written behind it, up to 58 bytes (Qdrant 1.19, `collection/snapshots.rs`),
 * and a file's name has 255 at most.
 */
export const snapshotNameBytesMax = 190;

/**
 * Begins the alias that marks a collection as made by a restore beside the live data; a hash of its name follows. An
 * alias is in no snapshot: a copy of such a collection is not marked.
 */
const markPrefix = 'taishang_restored_';
const markPattern = /^taishang_restored_[0-9a-f]{16}$/;

export function markOf(collection: string): string {
  return `${markPrefix}${sha256Of(collection).slice(0, 16)}`;
}

export function isMark(alias: string): boolean {
  return markPattern.test(alias);
}

/** Another name of a collection, in the server's words. */
export interface Alias {
  readonly alias_name: string;
  readonly collection_name: string;
}

/** What a server holds, told apart by whose it is. Names are sorted. */
export interface Names {
  /** Of its users. */
  readonly collections: readonly string[];
  readonly aliases: readonly Alias[];
  /** Collections that a restore has made beside them, and that nobody uses under a name of his own. */
  readonly restored: readonly string[];
}

/**
 * Names of collections and aliases. One that a restore has made is its users' own as soon as they give it an alias: that
 * is how collections of Qdrant are exchanged.
 */
export async function readNames(client: Pick<QdrantClient, 'getCollections' | 'getAliases'>): Promise<Names> {
  const [{ collections }, { aliases: all }] = await Promise.all([client.getCollections(), client.getAliases()]);
  const marks = new Set(all.filter(({ alias_name }) => isMark(alias_name)).map(({ alias_name }) => alias_name));
  const aliases = all
    .filter(({ alias_name }) => !isMark(alias_name))
    .map(({ alias_name, collection_name }) => ({ alias_name, collection_name }))
    .toSorted((left, right) => (left.alias_name < right.alias_name ? -1 : 1));
  const used = new Set(aliases.map(({ collection_name }) => collection_name));
  const names = collections.map(({ name }) => name).toSorted();
  const isRestored = (name: string) => marks.has(markOf(name)) && !used.has(name);
  return {
    collections: names.filter((name) => !isRestored(name)),
    aliases,
    restored: names.filter(isRestored),
  };
}

/**
 * Where each of these collections goes beside the live ones: `<name>_restore`, or with a number before that where the
 * users' own collections or aliases have such a name, in {@link snapshotNameBytesMax} bytes.
 */
export function restoredNames(wanted: readonly string[], { collections, aliases }: Names): ReadonlyMap<string, string> {
  const taken = new Set([...collections, ...aliases.map(({ alias_name }) => alias_name)]);
  const chosen = new Map<string, string>();
  for (const name of wanted) {
    let number = 1;
    const candidate = () =>
      derivedName(name, number === 1 ? restoreSuffix : `_${number}${restoreSuffix}`, snapshotNameBytesMax);
    while (taken.has(candidate())) number += 1;
    taken.add(candidate());
    chosen.set(name, candidate());
  }
  return chosen;
}
