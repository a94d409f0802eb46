import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { withoutUndefined } from '../../core/without-undefined.ts';
import { momentOfArchive } from '../archive/archive-name.ts';
import { isMissing, type S3Place, storageError } from './s3-errors.ts';
import type { Storage, StoredArchive } from './storage.ts';

/** What may accompany a transfer. */
export type TransferOptions = Parameters<Storage['store']>[2];

/** A bucket with its client, as every function here needs them. */
export interface S3Bucket {
  readonly client: S3Client;
  readonly bucket: string;
  /** Begins every key: empty, or ends with `/`. */
  readonly prefix: string;
  readonly place: S3Place;
}

/** An object as the server describes it. */
export interface FoundObject {
  readonly sizeBytes: number;
  readonly etag: string;
  /** SHA-256 in base64: of the whole, or with `-<parts>` at its end that of the parts' checksums. */
  readonly sha256: string | undefined;
  /** Bytes of each part but the last, as we noted them. */
  readonly partBytes: number | undefined;
}

/** Metadata in which an upload notes how it was cut into parts: without it a checksum of parts cannot be computed. */
export const partBytesName = 'taishang-part-bytes';

/** A page has up to a thousand names (S3 API Reference, `ListObjectsV2`). */
export const pagesMax = 10_000;

export async function listArchives({ client, bucket, prefix, place }: S3Bucket): Promise<readonly StoredArchive[]> {
  const found: StoredArchive[] = [];
  try {
    const pages = paginateListObjectsV2(
      { client, stopOnSameToken: true },
      { Bucket: bucket, Prefix: prefix, Delimiter: '/' },
    );
    let count = 0;
    for await (const page of pages) {
      count += 1;
      if (count > pagesMax) throw new Error(`its list goes on behind ${pagesMax} pages`);
      for (const { Key, Size } of page.Contents ?? []) {
        const name = Key?.slice(prefix.length) ?? '';
        if (momentOfArchive(name) !== undefined) found.push({ name, sizeBytes: Size ?? 0 });
      }
    }
  } catch (thrown) {
    throw storageError(thrown, place);
  }
  return found.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/** The object of a key; `undefined` where there is none. */
export async function findObject(at: S3Bucket, key: string, signal?: AbortSignal): Promise<FoundObject | undefined> {
  const options = withoutUndefined({ abortSignal: signal });
  try {
    const asking = new HeadObjectCommand({ Bucket: at.bucket, Key: key, ChecksumMode: 'ENABLED' });
    const found = await at.client.send(asking, options);
    const partBytes = Number(found.Metadata?.[partBytesName]);
    return {
      sizeBytes: found.ContentLength ?? 0,
      etag: found.ETag ?? '',
      sha256: found.ChecksumSHA256,
      partBytes: Number.isSafeInteger(partBytes) && partBytes > 0 ? partBytes : undefined,
    };
  } catch (thrown) {
    signal?.throwIfAborted();
    const error = storageError(thrown, at.place);
    // The answer to this request has no body: whether the key, the bucket or the rights are missing is asked again.
    const listing = new ListObjectsV2Command({ Bucket: at.bucket, Prefix: key, MaxKeys: 1 });
    if (!isMissing(thrown) && (thrown as Error).name !== 'Unknown') throw error;
    await at.client.send(listing, options).catch((reason) => {
      signal?.throwIfAborted();
      throw storageError(reason, at.place);
    });
    if (isMissing(thrown)) return undefined;
    throw error;
  }
}

/** At most so many bytes from the start of an object. */
export async function readStart(at: S3Bucket, key: string, sizeBytes: number): Promise<Readable> {
  try {
    const asking = new GetObjectCommand({ Bucket: at.bucket, Key: key, Range: `bytes=0-${sizeBytes - 1}` });
    return (await at.client.send(asking)).Body as Readable;
  } catch (thrown) {
    throw storageError(thrown, at.place);
  }
}

export async function removeObject(at: S3Bucket, key: string): Promise<void> {
  try {
    await at.client.send(new DeleteObjectCommand({ Bucket: at.bucket, Key: key }));
  } catch (thrown) {
    if (!isMissing(thrown)) throw storageError(thrown, at.place);
  }
}
