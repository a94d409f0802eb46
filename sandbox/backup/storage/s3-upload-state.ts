import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type MultipartUpload,
  type Part,
} from '@aws-sdk/client-s3';
import { momentOfArchive } from '../archive/archive-name.ts';
import { isMissing, storageError } from './s3-errors.ts';
import { readJournal, type UploadJournal, uploadJournalOf, writeJournal } from './s3-journal.ts';
import { pagesMax, partBytesName, type S3Bucket } from './s3-objects.ts';
import { listParts, type UploadKey } from './s3-parts.ts';

/** Uploads that nobody has gone on with for this long are given up: their parts take room that somebody pays for. */
const staleUploadMs = 24 * 3_600_000;

/** What a note must say for its upload to be gone on with. */
export type WantedUpload = Omit<UploadJournal, 'version' | 'uploadId'>;

/** An upload that an earlier run has begun, and what the server has of it. */
export interface BegunUpload {
  readonly upload: UploadKey;
  readonly parts: ReadonlyMap<number, Part>;
}

/** The upload of this very file that an earlier run has begun, if the server still has it. */
export async function findUpload(
  at: S3Bucket,
  path: string,
  wanted: WantedUpload,
  signal: AbortSignal,
): Promise<BegunUpload | undefined> {
  const journal = await readJournal<UploadJournal>(uploadJournalOf(path));
  if (journal === undefined) return undefined;
  const upload = { Bucket: journal.bucket, Key: journal.key, UploadId: journal.uploadId };
  const isSamePlace = journal.endpoint === wanted.endpoint && journal.bucket === wanted.bucket;
  const isSameFile = journal.key === wanted.key && journal.sizeBytes === wanted.sizeBytes;
  if (isSamePlace && isSameFile) return partsOf(at, upload, signal);
  // The file is another one, or goes elsewhere now.
  if (isSamePlace) await abandonUpload(at, upload);
  return undefined;
}

async function partsOf(at: S3Bucket, upload: UploadKey, signal: AbortSignal): Promise<BegunUpload | undefined> {
  try {
    return { upload, parts: await listParts(at.client, upload, signal) };
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
}

/** Begins an upload, and notes it beside the file before the first part is sent. */
export async function beginUpload(
  at: S3Bucket,
  path: string,
  wanted: WantedUpload,
  signal: AbortSignal,
): Promise<UploadKey> {
  const { UploadId } = await at.client.send(
    new CreateMultipartUploadCommand({
      Bucket: wanted.bucket,
      Key: wanted.key,
      ContentType: 'application/gzip',
      ChecksumAlgorithm: 'SHA256',
      Metadata: { [partBytesName]: String(wanted.partBytes) },
    }),
    { abortSignal: signal },
  );
  if (UploadId === undefined) throw new Error('the server began an upload without naming it');
  const upload = { Bucket: wanted.bucket, Key: wanted.key, UploadId };
  try {
    await writeJournal(uploadJournalOf(path), { version: 1, ...wanted, uploadId: UploadId });
  } catch (thrown) {
    await abandonUpload(at, upload);
    throw thrown;
  }
  return upload;
}

/** Gives an upload up, so that its parts take no room. One that is gone is no error. */
export async function abandonUpload(at: S3Bucket, upload: UploadKey): Promise<void> {
  try {
    await at.client.send(new AbortMultipartUploadCommand(upload));
  } catch (thrown) {
    if (!isMissing(thrown)) throw storageError(thrown, at.place);
  }
}

/**
 * Gives up the uploads of archives in this folder that began longer than {@link staleUploadMs} before `now`. Those of
 * other names, in other folders or younger ones may be somebody's who is still at it.
 */
export async function abandonStaleUploads(at: S3Bucket, now: Date): Promise<readonly string[]> {
  const stale: UploadKey[] = [];
  try {
    for await (const { Key, UploadId, Initiated } of listUploads(at)) {
      if (Key === undefined || UploadId === undefined || Initiated === undefined) continue;
      const isOurs = Key.startsWith(at.prefix) && momentOfArchive(Key.slice(at.prefix.length)) !== undefined;
      const isStale = now.getTime() - Initiated.getTime() > staleUploadMs;
      if (isOurs && isStale) stale.push({ Bucket: at.bucket, Key, UploadId });
    }
  } catch (thrown) {
    throw storageError(thrown, at.place);
  }
  await Promise.all(stale.map((upload) => abandonUpload(at, upload)));
  return stale.map(({ Key }) => Key);
}

async function* listUploads(at: S3Bucket): AsyncGenerator<MultipartUpload> {
  let markers = {};
  for (let pages = 0; pages < pagesMax; pages += 1) {
    const page = await at.client.send(
      new ListMultipartUploadsCommand({ Bucket: at.bucket, Prefix: at.prefix, ...markers }),
    );
    yield* page.Uploads ?? [];
    if (page.IsTruncated !== true) return;
    const next = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
    // A server that leads back to the same page would be asked for ever.
    if (JSON.stringify(next) === JSON.stringify(markers)) return;
    markers = next;
  }
}
