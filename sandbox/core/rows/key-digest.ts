import { hash } from 'node:crypto';

/** 64 bits of a key's SHA-1, as two unsigned halves. Never both zero, which marks a free slot of a table. */
export type KeyDigest = readonly [high: number, low: number];

/** Among a million keys two have the same digest with a chance of 1 in 30 million. */
export function digestOfKey(key: string): KeyDigest {
  // As text of one byte a letter: a buffer of its own for each key takes four times as long to make.
  const digest = hash('sha1', key, 'binary');
  return [wordAt(digest, 0) || 1, wordAt(digest, 4)];
}

/**
 * Where a digest is in a table of open addressing, two numbers a slot and a power of two of slots, of which some are free;
 * or the free slot where it would be.
 */
export function slotOf(table: Uint32Array, [high, low]: KeyDigest): number {
  const last = table.length / 2 - 1;
  let slot = low & last;
  while (isTaken(table, slot) && !(table[2 * slot] === high && table[2 * slot + 1] === low)) slot = (slot + 1) & last;
  return slot;
}

export function isTaken(table: Uint32Array, slot: number): boolean {
  return table[2 * slot] !== 0 || table[2 * slot + 1] !== 0;
}

function wordAt(digest: string, at: number): number {
  return (
    (digest.charCodeAt(at) |
      (digest.charCodeAt(at + 1) << 8) |
      (digest.charCodeAt(at + 2) << 16) |
      (digest.charCodeAt(at + 3) << 24)) >>>
    0
  );
}
