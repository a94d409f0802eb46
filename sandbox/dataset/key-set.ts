import { digestOfKey } from '../core/key-digest.ts';

/** Keys that were seen, as 64 bits of their hash: at most 32 bytes a key, whatever its length. */
export interface KeySet {
  /** Whether it was not there yet. */
  readonly add: (key: string) => boolean;
  readonly has: (key: string) => boolean;
}

/** Open addressing. Two keys with the same digest are taken for one: see {@link digestOfKey}. */
export function createKeySet(): KeySet {
  let slots = 1_024;
  let table = new Uint32Array(2 * slots);
  let count = 0;

  const place = (high: number, low: number): number => {
    let slot = low & (slots - 1);
    while ((table[2 * slot] as number) !== 0 || (table[2 * slot + 1] as number) !== 0) {
      if (table[2 * slot] === high && table[2 * slot + 1] === low) return slot;
      slot = (slot + 1) & (slots - 1);
    }
    return slot;
  };
  const put = (high: number, low: number): boolean => {
    const slot = place(high, low);
    const isNew = table[2 * slot] === 0 && table[2 * slot + 1] === 0;
    table[2 * slot] = high;
    table[2 * slot + 1] = low;
    return isNew;
  };
  const grow = () => {
    const old = table;
    slots *= 2;
    table = new Uint32Array(2 * slots);
    for (let at = 0; at < old.length; at += 2) {
      const [high, low] = [old[at] as number, old[at + 1] as number];
      if (high !== 0 || low !== 0) put(high, low);
    }
  };
  return {
    add: (key) => {
      if (count * 2 >= slots) grow();
      const isNew = put(...digestOfKey(key));
      if (isNew) count += 1;
      return isNew;
    },
    has: (key) => {
      const slot = place(...digestOfKey(key));
      return table[2 * slot] !== 0 || table[2 * slot + 1] !== 0;
    },
  };
}
