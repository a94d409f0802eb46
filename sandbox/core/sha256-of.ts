import { type BinaryToTextEncoding, createHash } from 'node:crypto';

/** SHA-256 of a text (as UTF-8) or of bytes. Default of `encoding`: `hex`. */
export function sha256Of(content: string | Uint8Array, encoding: BinaryToTextEncoding = 'hex'): string {
  return createHash('sha256').update(content).digest(encoding);
}
