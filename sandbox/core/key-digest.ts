import { hash } from 'node:crypto';

/** 64 bits of a key's SHA-1, as two unsigned halves. Never both zero, which marks a free slot of a table. */
export type KeyDigest = readonly [high: number, low: number];

/** Among a million keys two have the same digest with a chance of 1 in 30 million. */
export function digestOfKey(key: string): KeyDigest {
  // As text of one byte a letter: a buffer of its own for each key takes four times as long to make.
  const digest = hash('sha1', key, 'binary');
  return [wordAt(digest, 0) || 1, wordAt(digest, 4)];
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
