import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { ListPartsCommand, type ListPartsCommandOutput, type Part, type S3Client } from '@aws-sdk/client-s3';
import { sha256Of } from '../../core/sha256-of.ts';

/** A part in bytes, and so what one connection holds in memory. S3 takes no less than 5 MiB. */
const partBytesMin = 8 * 2 ** 20;
/** Parts of one upload (Amazon S3 User Guide, "Amazon S3 multipart upload limits"). */
const partsMax = 10_000;

/** Where an upload is, as every request about it has to say. */
export interface UploadKey {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string;
}

/** A piece of the file, as it goes over the line. */
export interface PlannedPart {
  /** From 1. */
  readonly number: number;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** A part that the server has. */
export interface SentPart {
  readonly PartNumber: number;
  readonly ETag: string;
  readonly ChecksumSHA256: string;
}

/** Bytes of each part but the last: the same for the same length of file, so that a later run cuts it alike. */
export function partBytesFor(sizeBytes: number): number {
  const wanted = Math.ceil(sizeBytes / partsMax / 2 ** 20) * 2 ** 20;
  return Math.max(partBytesMin, wanted);
}

export function planParts(sizeBytes: number, partBytes: number): readonly PlannedPart[] {
  const count = Math.max(1, Math.ceil(sizeBytes / partBytes));
  return Array.from({ length: count }, (_, index) => {
    const offset = index * partBytes;
    return { number: index + 1, offset, sizeBytes: Math.min(partBytes, sizeBytes - offset) };
  });
}

/** Reads one part into the buffer; what it returns is valid until the next read. */
export async function readPart(file: FileHandle, part: PlannedPart, buffer: Buffer): Promise<Buffer> {
  let filled = 0;
  while (filled < part.sizeBytes) {
    const { bytesRead } = await file.read(buffer, filled, part.sizeBytes - filled, part.offset + filled);
    if (bytesRead === 0) throw new Error('the archive has become shorter while it was sent');
    filled += bytesRead;
  }
  return buffer.subarray(0, part.sizeBytes);
}

export function checksumOfPart(content: Buffer): string {
  return sha256Of(content, 'base64');
}

/** Checksum of a whole object from those of its parts, as S3 calls `COMPOSITE`. */
export function compositeSha256(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(Buffer.from(part, 'base64'));
  return `${hash.digest('base64')}-${parts.length}`;
}

/** What the server has of an upload, by part number. */
export async function listParts(client: S3Client, upload: UploadKey, signal: AbortSignal): Promise<Map<number, Part>> {
  const parts = new Map<number, Part>();
  // Not the SDK's own pages: they go on for ever where a server names the next one behind the last (the Versity gateway).
  let marker: string | undefined = '';
  for (let pages = 0; marker !== undefined && pages < partsMax; pages += 1) {
    const asking = new ListPartsCommand({ ...upload, ...(marker === '' ? {} : { PartNumberMarker: marker }) });
    const page: ListPartsCommandOutput = await client.send(asking, { abortSignal: signal });
    for (const part of page.Parts ?? []) if (part.PartNumber !== undefined) parts.set(part.PartNumber, part);
    marker = page.IsTruncated === true && page.NextPartNumberMarker !== marker ? page.NextPartNumberMarker : undefined;
  }
  return parts;
}

/**
 * The server's part, if it is this content: of its size, and of its SHA-256. A server that does not list the SHA-256 is
 * asked for the ETag, which is the content's MD5 where the server does not encrypt it with keys of its own.
 */
export function trustedPart(found: Part | undefined, number: number, content: Buffer): SentPart | undefined {
  if (found?.ETag === undefined || found.Size !== content.length) return undefined;
  const sha256 = checksumOfPart(content);
  const isSame =
    found.ChecksumSHA256 === undefined
      ? found.ETag.replaceAll('"', '') === createHash('md5').update(content).digest('hex')
      : found.ChecksumSHA256 === sha256;
  return isSame ? { PartNumber: number, ETag: found.ETag, ChecksumSHA256: sha256 } : undefined;
}
