import { createReadStream } from 'node:fs';
import { BSON, type Document } from 'mongodb';

/** Smallest document, and the largest that a server stores with what its protocol adds (MongoDB, "Limits": 16 MiB). */
const leastBytes = 5;
const mostBytes = 16 * 2 ** 20 + 16 * 2 ** 10;

/** Read from the disk at once. */
const chunkBytes = 2 ** 18;

/** Types stay as they are, but not the order of names like `2026`: for looking at a document, not for passing it on. */
export function parseDocument(bytes: Buffer): Document {
  return BSON.deserialize(bytes, { promoteValues: false, bsonRegExp: true });
}

/** A part of a file. */
export interface ByteRange {
  readonly startByte: number;
  readonly sizeBytes: number;
}

/** Documents one after the other, as `mongodump` writes them. Throws where the bytes are no such file. */
export async function* readDocuments(file: string, range?: ByteRange): AsyncGenerator<Buffer> {
  if (range?.sizeBytes === 0) return;
  const within = range === undefined ? {} : { start: range.startByte, end: range.startByte + range.sizeBytes - 1 };
  const chunks = createReadStream(file, { highWaterMark: chunkBytes, ...within }) as AsyncIterable<Buffer>;
  let pieces: Buffer[] = [];
  let held = 0;
  for await (const chunk of chunks) {
    pieces.push(chunk);
    held += chunk.length;
    // A large document is put together once, when all of it is there.
    if (held < lengthOf(pieces)) continue;
    let rest = pieces.length === 1 ? chunk : Buffer.concat(pieces);
    for (let length = lengthOf([rest]); rest.length >= length; length = lengthOf([rest])) {
      if (rest[length - 1] !== 0) throw new Error('a document does not end where it says');
      yield rest.subarray(0, length);
      rest = rest.subarray(length);
    }
    pieces = rest.length === 0 ? [] : [rest];
    held = rest.length;
  }
  if (held > 0) throw new Error(`${held} bytes at its end are no document`);
}

/** Length of the document that begins here; where that is not known yet, the bytes that are needed to know it. */
function lengthOf(pieces: readonly Buffer[]): number {
  const [first = Buffer.alloc(0)] = pieces;
  const head = first.length >= 4 ? first : Buffer.concat(pieces);
  if (head.length < 4) return 4;
  const length = head.readInt32LE(0);
  if (length < leastBytes || length > mostBytes) throw new Error(`a document of ${length} bytes cannot be`);
  return length;
}

/** What is sent, or written, at once. */
export interface BatchLimits {
  readonly documentsMax: number;
  /** A single document may be larger. */
  readonly bytesMax: number;
}

/** Documents in batches that no number and no size of documents makes large. */
export async function* batchesOf(
  documents: AsyncIterable<Buffer> | Iterable<Buffer>,
  { documentsMax, bytesMax }: BatchLimits,
): AsyncGenerator<readonly Buffer[]> {
  let batch: Buffer[] = [];
  let sizeBytes = 0;
  for await (const document of documents) {
    if (batch.length > 0 && (batch.length === documentsMax || sizeBytes + document.length > bytesMax)) {
      yield batch;
      batch = [];
      sizeBytes = 0;
    }
    batch.push(document);
    sizeBytes += document.length;
  }
  if (batch.length > 0) yield batch;
}
