import { digestOfKey, isTaken, type KeyDigest, slotOf } from '../../core/rows/key-digest.ts';

/** Keys that were seen, as 64 bits of their hash: at most 32 bytes a key, whatever its length. */
export interface KeySet {
  /** Whether it was not there yet. */
  readonly add: (key: string) => boolean;
  readonly has: (key: string) => boolean;
}

const slotsAtFirst = 1_024;

/** Open addressing. Two keys with the same digest are taken for one: see {@link digestOfKey}. */
export function createKeySet(): KeySet {
  let table = new Uint32Array(2 * slotsAtFirst);
  let count = 0;

  const put = (digest: KeyDigest): boolean => {
    const slot = slotOf(table, digest);
    const isNew = !isTaken(table, slot);
    [table[2 * slot], table[2 * slot + 1]] = digest;
    return isNew;
  };
  const grow = () => {
    const old = table;
    table = new Uint32Array(2 * old.length);
    for (let at = 0; at < old.length; at += 2) {
      const digest = [old[at] as number, old[at + 1] as number] as const;
      if (digest[0] !== 0 || digest[1] !== 0) put(digest);
    }
  };
  return {
    add: (key) => {
      // Half of the slots are free.
      if (count * 4 >= table.length) grow();
      const isNew = put(digestOfKey(key));
      if (isNew) count += 1;
      return isNew;
    },
    has: (key) => isTaken(table, slotOf(table, digestOfKey(key))),
  };
}

/** Names the set of the keys that some fields of an entity are together. */
export function uniqueSetId(entity: string, fields: readonly string[]): string {
  return `${entity} ${fields.join(' ')}`;
}

/** What is in such a set of a row's values. */
export function uniqueKey(values: readonly unknown[]): string {
  return JSON.stringify(values);
}
