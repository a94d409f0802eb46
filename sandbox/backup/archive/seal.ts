import { createHash } from 'node:crypto';
import { archiveRefused } from './refusal.ts';

/**
 * The end of every archive: an empty gzip member whose extra field holds the SHA-256 of all bytes before it.
 * gzip's own check leaves bits out: those of its header, and those that fill up a byte before a stored block. A member
 * that holds nothing is skipped by gzip and tar (RFC 1952, sections 2.2 and 2.3.1.1).
 */
const memberBegin = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 36, 0, 0x54, 0x53, 32, 0]);
/** An empty last block, a checksum of nothing and a length of nothing. */
const memberEnd = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const sealBytes = memberBegin.length + 32 + memberEnd.length;

/** Passes an archive's bytes on, and then its seal. */
export async function* sealed(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of source) {
    hash.update(chunk);
    yield chunk;
  }
  yield sealFor(hash.digest());
}

/**
 * Passes an archive of this length on, and at its end throws `BACKUP_TRUNCATED` where there is no seal,
 * `BACKUP_PART_CHANGED` where it is the seal of other bytes, and `BACKUP_MANIFEST_INVALID` where it is no gzip at all.
 */
export function unsealed(sizeBytes: number) {
  return async function* check(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const hash = createHash('sha256');
    const contentBytes = Math.max(0, sizeBytes - sealBytes);
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
    requireSeal(Buffer.concat(end), hash.digest());
  };
}

function sealFor(sha256: Buffer): Buffer {
  return Buffer.concat([memberBegin, sha256, memberEnd]);
}

function requireGzip(first: Buffer): void {
  if (first[0] === 0x1f && (first[1] === 0x8b || first.length === 1)) return;
  throw archiveRefused('BACKUP_MANIFEST_INVALID', 'it is not a gzip file, and so has no manifest');
}

function requireSeal(end: Buffer, sha256: Buffer): void {
  if (end.equals(sealFor(sha256))) return;
  const isSeal =
    end.subarray(0, memberBegin.length).equals(memberBegin) && end.subarray(-memberEnd.length).equals(memberEnd);
  if (!isSeal) throw archiveRefused('BACKUP_TRUNCATED', 'it ends without its seal');
  throw archiveRefused('BACKUP_PART_CHANGED', 'its bytes are not those that it was sealed with');
}
