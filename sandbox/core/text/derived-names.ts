import { randomBytes } from 'node:crypto';
import { sha256Of } from '../sha256-of.ts';

/** What every temporary name begins with. Nothing that lacks it, or the engine's own mark beside it, is dropped. */
export const temporaryPrefix = 'taishang_tmp_';

/** A name for something that goes when the run ends: 25 bytes of `[a-z0-9_]`, of this run alone. */
export function temporaryName(): string {
  return `${temporaryPrefix}${randomBytes(6).toString('hex')}`;
}

/** Hexadecimal digits of a hash that stand for what was cut off. */
const hashDigits = 10;

/**
 * `name` and `suffix` in at most `bytesMax` bytes of UTF-8. A name that is too long is cut between two characters, and
 * `_` and a hash of the whole take the place of the rest, so that two long names stay two.
 * Throws where not even the hash and the suffix have room.
 */
export function derivedName(name: string, suffix: string, bytesMax: number): string {
  if (Buffer.byteLength(name + suffix) <= bytesMax) return name + suffix;
  const end = `_${sha256Of(name).slice(0, hashDigits)}${suffix}`;
  const room = bytesMax - Buffer.byteLength(end);
  if (room < 0) throw new Error(`no name with the suffix ${suffix} fits into ${bytesMax} bytes`);
  let kept = '';
  let sizeBytes = 0;
  for (const character of name) {
    sizeBytes += Buffer.byteLength(character);
    if (sizeBytes > room) break;
    kept += character;
  }
  return kept + end;
}
