import { createHash } from 'node:crypto';
import { emptyMember, isMember, memberBytes } from './empty-member.ts';
import { archiveRefused } from './refusal.ts';
import { type ArchiveSigner, readSigners, signatureBytes, signatureOf } from './signature.ts';

/**
 * The end of every archive: an empty gzip member whose extra field holds the SHA-256 of all bytes before it.
 * gzip's own check leaves bits out: those of its header, and those that fill up a byte before a stored block.
 */
const sealId = 'TS';
const sealBytes = memberBytes(32);

/** Passes an archive's bytes on, then the signatures of these keys, and then its seal. */
export function sealed(signers: readonly ArchiveSigner[] = []) {
  return async function* seal(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const hash = createHash('sha256');
    for await (const chunk of source) {
      hash.update(chunk);
      yield chunk;
    }
    if (signers.length > 0) {
      const signature = signatureOf(hash.copy().digest(), signers);
      hash.update(signature);
      yield signature;
    }
    yield emptyMember(sealId, hash.digest());
  };
}

/**
 * Passes an archive of this length on, and at its end throws `BACKUP_TRUNCATED` where there is no seal,
 * `BACKUP_PART_CHANGED` where it is the seal, or a signature, of other bytes, and `BACKUP_MANIFEST_INVALID` where it is
 * no gzip at all. Gives the public keys that have signed it to `signedBy`.
 */
export function unsealed(sizeBytes: number, signedBy: (publicKeys: readonly Buffer[]) => void = () => {}) {
  return async function* check(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const hash = createHash('sha256');
    const contentBytes = Math.max(0, sizeBytes - sealBytes - signatureBytes);
    const end: Buffer[] = [];
    let seen = 0;
    for await (const chunk of source) {
      if (seen === 0) requireGzip(chunk);
      const own = Math.min(chunk.length, Math.max(0, contentBytes - seen));
      hash.update(chunk.subarray(0, own));
      if (own < chunk.length) end.push(chunk.subarray(own));
      seen += chunk.length;
      yield chunk;
    }
    const tail = Buffer.concat(end);
    const beforeSeal = tail.subarray(0, Math.max(0, tail.length - sealBytes));
    const content = hash.copy().digest();
    requireSeal(tail.subarray(beforeSeal.length), hash.update(beforeSeal).digest());
    signedBy(readSigners(beforeSeal, content));
  };
}

function requireGzip(first: Buffer): void {
  if (first[0] === 0x1f && (first[1] === 0x8b || first.length === 1)) return;
  throw archiveRefused('BACKUP_MANIFEST_INVALID', 'it is not a gzip file, and so has no manifest');
}

function requireSeal(end: Buffer, sha256: Buffer): void {
  if (end.equals(emptyMember(sealId, sha256))) return;
  if (!isMember(sealId, end)) throw archiveRefused('BACKUP_TRUNCATED', 'it ends without its seal');
  throw archiveRefused('BACKUP_PART_CHANGED', 'its bytes are not those that it was sealed with');
}
