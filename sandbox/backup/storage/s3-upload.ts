import { type FileHandle, open } from 'node:fs/promises';
import { CompleteMultipartUploadCommand, type Part, UploadPartCommand } from '@aws-sdk/client-s3';
import { SandboxError } from '../../core/errors.ts';
import { runAsOne } from '../../core/run-concurrently.ts';
import { isNameTaken, storageError } from './s3-errors.ts';
import { removeJournal, uploadJournalOf } from './s3-journal.ts';
import { findObject, type S3Bucket, type TransferOptions } from './s3-objects.ts';
import {
  checksumOfPart,
  compositeSha256,
  type PlannedPart,
  partBytesFor,
  planParts,
  readPart,
  type SentPart,
  trustedPart,
  type UploadKey,
} from './s3-parts.ts';
import { abandonUpload, beginUpload, findUpload } from './s3-upload-state.ts';

/** Parts on their way at once: with their buffers, all that an upload holds in memory. */
const partsInFlight = 3;

/** One upload, as everything below needs it. */
interface Sending {
  readonly at: S3Bucket;
  readonly upload: UploadKey;
  readonly file: FileHandle;
  readonly parts: readonly PlannedPart[];
  /** Parts that an earlier run has sent. */
  readonly found: ReadonlyMap<number, Part>;
  readonly signal: AbortSignal;
  readonly sent: (sizeBytes: number) => void;
}

/**
 * Sends a file in parts of {@link partBytesFor}, each with its SHA-256, and goes on where an earlier run was cut. The
 * object appears when all parts are there and the server agrees on the checksum of all; until then, and for ever after
 * an error, there is nothing under its key.
 */
export async function uploadFile(at: S3Bucket, path: string, key: string, options: TransferOptions): Promise<void> {
  const file = await open(path, 'r');
  try {
    await sendFile(at, file, path, key, options);
  } catch (thrown) {
    options.signal?.throwIfAborted();
    throw storageError(thrown, at.place);
  } finally {
    await file.close();
  }
}

async function sendFile(
  at: S3Bucket,
  file: FileHandle,
  path: string,
  key: string,
  { progress, signal = new AbortController().signal }: TransferOptions,
): Promise<void> {
  const { size: sizeBytes } = await file.stat();
  const partBytes = partBytesFor(sizeBytes);
  const parts = planParts(sizeBytes, partBytes);
  const there = await findObject(at, key, signal);
  if (there !== undefined) {
    // A run that was killed at its very end has left the note.
    if (there.sha256 !== (await checksumOf(file, parts))) throw nameTaken(at);
  } else {
    const wanted = { endpoint: at.place.endpoint ?? null, bucket: at.bucket, key, sizeBytes, partBytes };
    const begun = await findUpload(at, path, wanted, signal);
    const upload = begun?.upload ?? (await beginUpload(at, path, wanted, signal));
    let doneBytes = 0;
    const sent = (bytes: number) => {
      doneBytes += bytes;
      progress?.(doneBytes, sizeBytes);
    };
    const sending = { at, upload, file, parts, found: begun?.parts ?? new Map(), sent };
    const all = await runAsOne(signal, (either) => sendParts({ ...sending, signal: either }));
    const inOrder = all.flat().toSorted((one, other) => one.PartNumber - other.PartNumber);
    await complete(at, upload, inOrder, sizeBytes, signal);
  }
  await removeJournal(uploadJournalOf(path));
}

async function checksumOf(file: FileHandle, parts: readonly PlannedPart[]): Promise<string> {
  const buffer = bufferFor(parts);
  const checksums: string[] = [];
  for (const part of parts) checksums.push(checksumOfPart(await readPart(file, part, buffer)));
  return compositeSha256(checksums);
}

/** The first part is never the shorter one. */
function bufferFor(parts: readonly PlannedPart[]): Buffer {
  return Buffer.allocUnsafe(parts[0]?.sizeBytes ?? 0);
}

/** Several lanes, each with a buffer of its own, take the next part until none is left. */
function sendParts(sending: Sending): readonly Promise<readonly SentPart[]>[] {
  const waiting = [...sending.parts];
  const lane = async () => {
    const sent: SentPart[] = [];
    const buffer = bufferFor(sending.parts);
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
      sending.signal.throwIfAborted();
      sent.push(await sendPart(sending, part, buffer));
      sending.sent(part.sizeBytes);
    }
    return sent;
  };
  return Array.from({ length: Math.min(partsInFlight, waiting.length) }, lane);
}

async function sendPart(sending: Sending, part: PlannedPart, buffer: Buffer): Promise<SentPart> {
  const content = await readPart(sending.file, part, buffer);
  const trusted = trustedPart(sending.found.get(part.number), part.number, content);
  if (trusted !== undefined) return trusted;
  const ChecksumSHA256 = checksumOfPart(content);
  const { ETag } = await sending.at.client.send(
    new UploadPartCommand({
      ...sending.upload,
      PartNumber: part.number,
      Body: content,
      ContentLength: content.length,
      ChecksumSHA256,
    }),
    { abortSignal: sending.signal },
  );
  if (ETag === undefined) throw new Error(`the server took part ${part.number} without naming it`);
  return { PartNumber: part.number, ETag, ChecksumSHA256 };
}

/** Makes the object of the parts, and asks for it: an answer that was lost on its way must not leave us in doubt. */
async function complete(
  at: S3Bucket,
  upload: UploadKey,
  parts: readonly SentPart[],
  sizeBytes: number,
  signal: AbortSignal,
): Promise<void> {
  const expected = compositeSha256(parts.map(({ ChecksumSHA256 }) => ChecksumSHA256));
  // A backup is never written over: two machines may keep theirs in one place.
  const completing = new CompleteMultipartUploadCommand({
    ...upload,
    IfNoneMatch: '*',
    MultipartUpload: { Parts: [...parts] },
  });
  const failure = await at.client.send(completing, { abortSignal: signal }).then(
    () => undefined,
    (thrown: unknown) => ({ thrown }),
  );
  signal.throwIfAborted();
  const object = await findObject(at, upload.Key, signal);
  const isSame = object?.sizeBytes === sizeBytes && object.sha256 === expected;
  // A server that knows no checksums has answered for it.
  const isTaken = failure === undefined && object?.sizeBytes === sizeBytes && object.sha256 === undefined;
  if (isSame || isTaken) return;
  if (object !== undefined && isNameTaken(failure?.thrown)) {
    await abandonUpload(at, upload);
    throw nameTaken(at);
  }
  throw failure?.thrown ?? new Error('the server took the archive, and does not show it as it was sent');
}

function nameTaken({ place }: S3Bucket): SandboxError {
  return new SandboxError({
    code: 'BACKUP_FAILED',
    message: `There is another archive of this name in ${place.address} already.`,
    next: 'Back up again: the name has the time, to the second.',
  });
}
