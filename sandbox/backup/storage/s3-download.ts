import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm, truncate } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { SandboxError } from '../../core/errors.ts';
import { replaceFile } from '../../core/files/replace-file.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import { isNameTaken, isTransient, storageError } from './s3-errors.ts';
import { type DownloadJournal, downloadJournalOf, readJournal, removeJournal, writeJournal } from './s3-journal.ts';
import { type FoundObject, findObject, type S3Bucket, type TransferOptions } from './s3-objects.ts';
import { compositeSha256 } from './s3-parts.ts';

/** Answers in a row that end before they bring a byte, until we give up. */
const fruitlessMax = 3;

/** Answers for one object: a server that brings a byte in each would be asked as often as the object has bytes. */
const answersMax = 1_000;

/**
 * Brings an object into `path` by way of `<path>.partial`, and goes on behind what is there of it: within a run when the
 * connection breaks off, and after a run that was cut. The file appears once its size and its checksum are right.
 */
export async function downloadFile(at: S3Bucket, key: string, path: string, options: TransferOptions): Promise<void> {
  try {
    const object = await findObject(at, key, options.signal);
    if (object === undefined) throw notFound(at, key);
    await bring(at, key, object, path, options);
  } catch (thrown) {
    options.signal?.throwIfAborted();
    if (isNameTaken(thrown)) throw changedMeanwhile(at, key);
    throw storageError(thrown, at.place);
  }
}

async function bring(
  at: S3Bucket,
  key: string,
  object: FoundObject,
  path: string,
  options: TransferOptions,
): Promise<void> {
  const partial = `${path}.partial`;
  const journal = { version: 1, bucket: at.bucket, key, etag: object.etag } as const;
  const noted = await readJournal<DownloadJournal>(downloadJournalOf(path));
  const isSame = noted?.bucket === journal.bucket && noted.key === key && noted.etag === object.etag;
  if (!isSame) await rm(partial, { force: true });
  await writeJournal(downloadJournalOf(path), journal);
  const hash = createObjectHash(object);
  const doneBytes = isSame ? await readAgain(partial, object.sizeBytes, hash) : 0;
  const file = await open(partial, 'a', 0o600);
  try {
    await receive(at, key, object, { file, doneBytes, hash }, options);
  } finally {
    await file.close();
  }
  if (!hash.isRight()) {
    // What is there cannot be gone on with either.
    await rm(partial, { force: true });
    await removeJournal(downloadJournalOf(path));
    throw changed(at, key);
  }
  await replaceFile(partial, path);
  await removeJournal(downloadJournalOf(path));
}

interface Receiving {
  readonly file: FileHandle;
  readonly doneBytes: number;
  readonly hash: ObjectHash;
}

async function receive(
  at: S3Bucket,
  key: string,
  { sizeBytes, etag }: FoundObject,
  { file, doneBytes: startBytes, hash }: Receiving,
  { progress, signal }: TransferOptions,
): Promise<void> {
  let doneBytes = startBytes;
  let fruitless = 0;
  for (let answers = 0; doneBytes < sizeBytes; answers += 1) {
    if (answers >= answersMax) throw cutShort(at, key, `it took more than ${answersMax} answers`);
    const beganAt = doneBytes;
    try {
      const asking = new GetObjectCommand({
        Bucket: at.bucket,
        Key: key,
        Range: `bytes=${doneBytes}-`,
        IfMatch: etag,
      });
      const answer = await at.client.send(asking, withoutUndefined({ abortSignal: signal }));
      const body = answer.Body as Readable;
      requireRest(at, key, answer.ContentRange, beganAt, body);
      for await (const chunk of body as AsyncIterable<Buffer>) {
        signal?.throwIfAborted();
        // Nothing is written of what is more than the object has.
        if (doneBytes + chunk.length > sizeBytes) throw tooLong(at, key, sizeBytes);
        await file.writeFile(chunk);
        hash.update(chunk);
        doneBytes += chunk.length;
        progress?.(doneBytes, sizeBytes);
      }
      if (doneBytes === beganAt) throw cutShort(at, key, 'its answers have no content');
      fruitless = 0;
    } catch (thrown) {
      fruitless = doneBytes === beganAt ? fruitless + 1 : 0;
      const isWorthRetrying = isTransient(thrown) || isCutShort(thrown);
      if (signal?.aborted || !isWorthRetrying || fruitless >= fruitlessMax) throw thrown;
    }
  }
}

/** An answer that begins elsewhere than it was asked to is none: a server may pass the range over. */
function requireRest(
  at: S3Bucket,
  key: string,
  contentRange: string | undefined,
  fromBytes: number,
  body: Readable,
): void {
  const begin = contentRange === undefined ? 0 : Number(/^bytes (\d+)-/.exec(contentRange)?.[1] ?? Number.NaN);
  if (begin === fromBytes) return;
  // Nobody reads it, and its connection would stay open.
  body.destroy();
  throw cutShort(at, key, `its answer begins at ${begin} instead of ${fromBytes}`);
}

/** Hashes what an earlier run has brought. Returns how many bytes that are. */
async function readAgain(partial: string, sizeBytes: number, hash: ObjectHash): Promise<number> {
  let doneBytes = 0;
  try {
    for await (const chunk of createReadStream(partial, { end: Math.max(0, sizeBytes - 1) })) {
      hash.update(chunk as Buffer);
      doneBytes += (chunk as Buffer).length;
    }
    await truncate(partial, doneBytes);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
  }
  return doneBytes;
}

/** Checksum of an object as it arrives, in the form that the server has it. */
interface ObjectHash {
  update(chunk: Buffer): void;
  /** `true` too where the server has none that could be computed: the archive's own checksums decide then. */
  isRight(): boolean;
}

function createObjectHash({ sha256, partBytes }: FoundObject): ObjectHash {
  const isComposite = sha256?.includes('-') ?? false;
  const everyBytes = isComposite ? partBytes : Number.POSITIVE_INFINITY;
  if (sha256 === undefined || everyBytes === undefined) return { update: () => {}, isRight: () => true };
  const done: string[] = [];
  let hash = createHash('sha256');
  let hashedBytes = 0;
  const endPart = () => {
    done.push(hash.digest('base64'));
    hash = createHash('sha256');
    hashedBytes = 0;
  };
  return {
    update(chunk) {
      let rest = chunk;
      while (rest.length > 0) {
        const piece = rest.subarray(0, Math.min(rest.length, everyBytes - hashedBytes));
        hash.update(piece);
        hashedBytes += piece.length;
        if (hashedBytes === everyBytes) endPart();
        rest = rest.subarray(piece.length);
      }
    },
    isRight() {
      if (hashedBytes > 0 || done.length === 0) endPart();
      return sha256 === (isComposite ? compositeSha256(done) : done[0]);
    },
  };
}

function tooLong({ place }: S3Bucket, key: string, sizeBytes: number): SandboxError {
  return new SandboxError({
    code: 'BACKUP_TOO_LARGE',
    message: `${key.split('/').at(-1)} from ${place.address} goes on behind the ${sizeBytes} bytes that it was said to have.`,
    next: 'Look at the server, or use another backup.',
  });
}

function cutShort({ place }: S3Bucket, key: string, reason: string): SandboxError {
  return new SandboxError({
    code: 'STORAGE_UNREACHABLE',
    message: `${key.split('/').at(-1)} cannot be fetched from ${place.address}: ${reason}.`,
    next: 'Run it again, or look at the server: what was transferred stays.',
  });
}

function isCutShort(thrown: unknown): boolean {
  return thrown instanceof SandboxError && thrown.code === 'STORAGE_UNREACHABLE';
}

function notFound({ place }: S3Bucket, key: string): SandboxError {
  return new SandboxError({
    code: 'BACKUP_NOT_FOUND',
    message: `There is no backup ${key.split('/').at(-1)} in ${place.address}.`,
    next: 'Look at its name.',
  });
}

function changed({ place }: S3Bucket, key: string): SandboxError {
  return new SandboxError({
    code: 'BACKUP_PART_CHANGED',
    message: `${key.split('/').at(-1)} from ${place.address} is not what was stored: its checksum differs.`,
    next: 'Fetch it again; if that does not help, use another backup.',
  });
}

function changedMeanwhile({ place }: S3Bucket, key: string): SandboxError {
  return new SandboxError({
    code: 'BACKUP_FAILED',
    message: `${key.split('/').at(-1)} in ${place.address} was replaced while it was fetched.`,
    next: 'Fetch it again.',
  });
}
