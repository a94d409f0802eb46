import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { BSON } from 'mongodb';
import { describe, expect, test } from 'vitest';
import {
  documentIn,
  documentOf,
  elementsOf,
  orderedDocument,
  requireDocument,
  sortedWithout,
  textOf,
} from '../../../sandbox/engines/mongodb/backup/export/bson-bytes.ts';
import { batchesOf, readDocuments } from '../../../sandbox/engines/mongodb/backup/export/bson-file.ts';
import { seed, seedText } from '../../support/seed.ts';
import { temporaryFolder } from '../support/backups.ts';
import { bsonDocuments, element, int32, text } from '../support/bson-documents.ts';

async function all<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const found = [];
  for await (const value of values) found.push(value);
  return found;
}

describe(`documents as bytes (${seedText})`, () => {
  test('whatever is in them, taken apart and put together they are the same', () => {
    fc.assert(
      fc.property(bsonDocuments, (documents) => {
        for (const document of documents) {
          requireDocument(document);
          expect(documentOf(elementsOf(document)).equals(document)).toBe(true);
        }
      }),
      { seed, numRuns: 200 },
    );
  });

  test('as maps for the driver they come out as they went in', () => {
    fc.assert(
      fc.property(bsonDocuments, (documents) => {
        for (const document of documents) {
          const names = [...orderedDocument(document).keys()];
          expect(names).toEqual(elementsOf(document).map(({ name }) => name));
        }
      }),
      { seed, numRuns: 100 },
    );
    const key = documentOf(['zz', '2026', '1999'].map((name) => element(0x10, name, int32(1))));
    const nested = documentOf([
      element(0x03, 'key', key),
      element(0x04, 'list', documentOf([element(0x03, '0', key)])),
    ]);
    expect(Buffer.from(BSON.serialize(orderedDocument(nested))).equals(nested)).toBe(true);
  });

  test('of a changed byte nothing comes but a document or an error', () => {
    const change = fc.tuple(bsonDocuments, fc.nat(), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(change, ([[document = Buffer.alloc(5)], place, byte]) => {
        const changed = Buffer.from(document);
        changed[place % changed.length] = byte;
        let refusal: unknown;
        try {
          requireDocument(changed);
          orderedDocument(changed);
        } catch (thrown) {
          refusal = thrown;
        }
        expect(refusal === undefined || refusal instanceof Error).toBe(true);
        expect(refusal).not.toBeInstanceOf(TypeError);
      }),
      { seed, numRuns: 500 },
    );
  });

  test('a document of 5,000 levels is looked at, and no map is made of it', () => {
    let document = documentOf([]);
    const levels = 5_000;
    for (let level = 0; level < levels; level += 1) document = documentOf([element(0x03, 'a', document)]);
    expect(() => requireDocument(document)).not.toThrow();
    expect(() => orderedDocument(document)).toThrow(/within each other/);
  });

  test.each([
    ['a document that is longer than it says', Buffer.concat([documentOf([]), Buffer.alloc(1)])],
    ['a document within that does not end', documentOf([element(0x03, 'a', int32(400))])],
    ['a type that is none', documentOf([element(0x22, 'a', Buffer.alloc(0))])],
    [
      'a scope outside of its code',
      documentOf([element(0x0f, 'a', Buffer.concat([int32(12), int32(9_999), int32(5)]))]),
    ],
    ['no document at all', Buffer.from('{"a":1}')],
  ])('%s is refused', (_, bytes) => {
    expect(() => requireDocument(bytes)).toThrow();
  });

  test('fields are found, left out and sorted, and two of one name stay two', () => {
    const inner = documentOf([element(0x10, 'x', int32(1))]);
    const document = documentOf([
      element(0x02, 'name', text(Buffer.from('心'))),
      element(0x10, 'b', int32(1)),
      element(0x03, 'inner', inner),
      element(0x10, 'b', int32(2)),
    ]);
    expect(textOf(document, 'name')).toBe('心');
    expect(textOf(document, 'b')).toBeUndefined();
    expect(documentIn(document, 'inner')).toEqual(inner);
    expect(documentIn(document, 'none')).toEqual(documentOf([]));
    expect(elementsOf(sortedWithout(document, ['name'])).map(({ name }) => name)).toEqual(['b', 'b', 'inner']);
    expect(() => orderedDocument(document)).toThrow(/twice/);
  });
});

describe(`a file of documents (${seedText})`, () => {
  test('gives them back, also such as are larger than what is read at once, and a part of it as well', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'documents.bson');
    const sizes = fc.array(fc.oneof(fc.nat(60), fc.nat(700_000)), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), async (lengths, cut) => {
        const documents = lengths.map((length) => documentOf([element(0x02, 's', text(Buffer.alloc(length, 65)))]));
        await writeFile(file, Buffer.concat(documents));
        expect(Buffer.concat(await all(readDocuments(file))).equals(Buffer.concat(documents))).toBe(true);
        expect((await all(readDocuments(file))).map((bytes) => bytes.length)).toEqual(documents.map((b) => b.length));
        const before = documents.slice(0, cut % documents.length);
        const startByte = Buffer.concat(before).length;
        const first = documents[before.length] as Buffer;
        const [only, ...more] = await all(readDocuments(file, { startByte, sizeBytes: first.length }));
        expect(only?.equals(first)).toBe(true);
        expect(more).toEqual([]);
      }),
      { seed, numRuns: 30 },
    );
    expect(await all(readDocuments(file, { startByte: 0, sizeBytes: 0 }))).toEqual([]);
  });

  test.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, -1)],
    ['with bytes at its end', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from([1, 2])])],
    ['of lengths that cannot be', (bytes: Buffer) => Buffer.concat([int32(2 ** 30), bytes.subarray(4)])],
  ])('%s is refused', async (_, change) => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'documents.bson');
    await writeFile(file, change(Buffer.concat([documentOf([]), documentOf([])])));
    await expect(all(readDocuments(file))).rejects.toThrow();
  });

  test('is sent in batches that neither the number nor the size of documents makes large', async () => {
    const sizes = fc.array(fc.integer({ min: 5, max: 50 }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(sizes, async (lengths) => {
        const documents = lengths.map((length) => Buffer.alloc(length));
        const batches = await all(batchesOf(documents, { documentsMax: 7, bytesMax: 100 }));
        expect(batches.flat().map((each) => each.length)).toEqual(lengths);
        for (const batch of batches) {
          expect(batch.length).toBeLessThanOrEqual(7);
          expect(batch.length === 1 || Buffer.concat([...batch]).length <= 100).toBe(true);
        }
      }),
      { seed, numRuns: 200 },
    );
  });
});
