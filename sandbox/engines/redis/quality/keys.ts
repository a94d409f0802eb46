import type { Redis } from 'ioredis';
import { type QualityPlace, requireInTime } from '../../contract/quality.ts';
import { valuesOf } from './answers.ts';

/** Keys that match, in batches of about 1,000. A key may come twice (Redis documentation, "SCAN"). They are bytes, and no text. */
export function scanBytes(client: Redis, pattern: Buffer): AsyncIterable<Buffer[]> {
  // The command takes bytes; its type says text.
  return client.scanBufferStream({ match: pattern as unknown as string, count: 1_000 });
}

/** Every key. */
export const everything = Buffer.from('*');

/** Before any byte of a pattern it has that byte mean itself. */
const backslash = 0x5c;

const escapedByte = /(\\x[0-9a-f]{2})/;

/**
 * `user:` is every key that begins so; characters that a pattern has a meaning for are meant as they are, and `\xac` is the
 * byte that {@link keyText} shows so.
 */
export function patternOf({ name }: Pick<QualityPlace, 'name'>): Buffer {
  if (name === '*') return everything;
  const parts = name
    .split(escapedByte)
    .map((part) =>
      escapedByte.test(part)
        ? Buffer.from([backslash, Number.parseInt(part.slice(2), 16)])
        : Buffer.from(part.replaceAll(/[\\*?[\]]/g, '\\$&')),
    );
  return Buffer.concat([...parts, everything]);
}

/** A key for people: where it is no text, as `\xac\xed`, as redis-cli shows it; `\x5c` is a backslash that would be taken for that. */
export function keyText(key: Buffer): string {
  const text = key.toString('utf8');
  if (Buffer.from(text, 'utf8').equals(key)) return text.replaceAll(/\\(?=x[0-9a-f]{2})/g, byteText);
  return key.toString('latin1').replaceAll(/[^\x20-\x7e]|\\(?=x[0-9a-f]{2})/g, byteText);
}

function byteText(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** Texts of the keys that match and whose lifetime in milliseconds, -1 for one that stays, is asked for. */
export async function keysByLifetime(
  clients: readonly Redis[],
  place: QualityPlace,
  isOne: (lifetimeMs: number) => boolean,
  deadlineAtMs: number,
): Promise<readonly string[]> {
  const found = new Map<string, string>();
  for (const client of clients) {
    for await (const keys of scanBytes(client, patternOf(place))) {
      requireInTime(deadlineAtMs);
      const pipeline = client.pipeline();
      for (const key of keys) pipeline.pttl(key);
      for (const [index, lifetimeMs] of valuesOf(await pipeline.exec()).entries()) {
        const key = keys[index] as Buffer;
        // -2: it has gone since the scan told of it.
        if (lifetimeMs !== -2 && isOne(Number(lifetimeMs))) found.set(key.toString('latin1'), keyText(key));
      }
    }
  }
  return [...found.values()];
}
