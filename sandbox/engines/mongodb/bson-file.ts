import { createReadStream } from 'node:fs';
import { BSON, type Document } from 'mongodb';

/** Smallest document, and the largest that a server stores with what its protocol adds (MongoDB, "Limits": 16 MiB). */
const leastBytes = 5;
const mostBytes = 16 * 2 ** 20 + 16 * 2 ** 10;

/** Types stay as they are: a 32-bit integer does not become a double on its way. */
export function parseDocument(bytes: Buffer): Document {
  return BSON.deserialize(bytes, { promoteValues: false, bsonRegExp: true });
}

/** Documents one after the other, as `mongodump` writes them. Throws where the bytes are no such file. */
export async function* readDocuments(file: string): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 })) {
    const bytes: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    while (bytes.length - start >= 4) {
      const length = bytes.readInt32LE(start);
      if (length < leastBytes || length > mostBytes) throw new Error(`a document of ${length} bytes cannot be`);
      if (bytes.length - start < length) break;
      const document = bytes.subarray(start, start + length);
      if (document[length - 1] !== 0) throw new Error('a document does not end where it says');
      yield document;
      start += length;
    }
    rest = bytes.subarray(start);
  }
  if (rest.length > 0) throw new Error(`${rest.length} bytes at its end are no document`);
}
