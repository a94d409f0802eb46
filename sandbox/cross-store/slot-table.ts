import { isTaken, type KeyDigest, slotOf } from '../core/rows/key-digest.ts';

/** Gives each key a place of its own, by its digest alone: 8 bytes a slot, whatever the keys' length. */
export interface SlotTable {
  /** Places, from 0: 1.5 to 3 for each key. */
  readonly slots: number;
  readonly count: () => number;
  /** The place of a key, which is taken from now on. */
  readonly take: (digest: KeyDigest) => number;
  /** The place of a key; -1 where it was not taken. */
  readonly find: (digest: KeyDigest) => number;
}

/** A table is at least this much larger than what it holds, so that a free slot is near. */
const slotsPerKeyMin = 1.5;

/** Room in the smallest table for keys that came to a part by chance. */
const slotsMin = 1_024;

/** Open addressing in a table that does not grow. */
export function createSlotTable(keys: number): SlotTable {
  const slots = 2 ** Math.ceil(Math.log2(slotsPerKeyMin * keys + slotsMin));
  const digests = new Uint32Array(2 * slots);
  let count = 0;
  return {
    slots,
    count: () => count,
    find: (digest) => {
      const slot = slotOf(digests, digest);
      return isTaken(digests, slot) ? slot : -1;
    },
    take: (digest) => {
      const slot = slotOf(digests, digest);
      if (!isTaken(digests, slot)) {
        if (count === slots - 1) throw new Error(`there are more than the ${keys} keys that were announced`);
        count += 1;
        [digests[2 * slot], digests[2 * slot + 1]] = digest;
      }
      return slot;
    },
  };
}
