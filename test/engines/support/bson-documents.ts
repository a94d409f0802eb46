import fc from 'fast-check';
import { documentOf } from '../../../sandbox/engines/mongodb/backup/export/bson-bytes.ts';

/** An element as bytes, of a type of bsonspec.org. */
export function element(type: number, name: string, value: Buffer): { readonly bytes: Buffer } {
  return { bytes: Buffer.concat([Buffer.from([type]), Buffer.from(name), Buffer.alloc(1), value]) };
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

/** A string, whatever its bytes are. */
export function text(bytes: Buffer): Buffer {
  return Buffer.concat([int32(bytes.length + 1), bytes, Buffer.alloc(1)]);
}

const eightBytes = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
});

/** Doubles, among them both zeroes, both infinities and numbers that are none, with what they carry. */
const doubles = fc.oneof(
  eightBytes,
  fc
    .constantFrom('0000000000000080', '230100000000f87f', '000000000000f8ff', '000000000000f07f', '000000000000f03f')
    .map((hex) => Buffer.from(hex, 'hex')),
);

/** Times that Python has too: the stand-in refuses others. In milliseconds. */
const times = fc.integer({ min: -60_000_000_000_000, max: 250_000_000_000_000 }).map((value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
});

const bytesOf = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes));

const names = fc.oneof(
  fc.constantFrom('zz', '2026', '1999', '0', '-1', '__proto__', 'constructor', 'toString', 'a.b', '$x', '', 'é', '心'),
  fc.string({ unit: 'grapheme', maxLength: 12 }).filter((name) => !name.includes('\0')),
);

/** As the stand-in keeps them: UUIDs have 16 bytes, and what is of the old binary type says its length twice. */
const binaries = fc.oneof(
  fc
    .tuple(fc.constantFrom(0, 1, 5, 9, 0x80), fc.uint8Array({ maxLength: 20 }))
    .map(([kind, bytes]) => Buffer.concat([int32(bytes.length), Buffer.from([kind]), bytes])),
  fc
    .tuple(fc.constantFrom(3, 4), bytesOf(16))
    .map(([kind, bytes]) => Buffer.concat([int32(16), Buffer.from([kind]), bytes])),
);

const strings = fc.string({ unit: 'grapheme', maxLength: 40 }).map((value) => text(Buffer.from(value)));

type TypedValue = readonly [type: number, value: Buffer];

/** Types that have no fields in them. Deprecated ones are tried apart: the stand-in makes others of them. */
const scalars: fc.Arbitrary<TypedValue> = fc.oneof(
  doubles.map((value): TypedValue => [0x01, value]),
  strings.map((value): TypedValue => [0x02, value]),
  binaries.map((value): TypedValue => [0x05, value]),
  bytesOf(12).map((value): TypedValue => [0x07, value]),
  fc.boolean().map((value): TypedValue => [0x08, Buffer.from([value ? 1 : 0])]),
  times.map((value): TypedValue => [0x09, value]),
  fc.constant<TypedValue>([0x0a, Buffer.alloc(0)]),
  fc.constantFrom('', 'i', 'im', 'imsx').map((flags): TypedValue => [0x0b, Buffer.from(`a.*b\0${flags}\0`)]),
  strings.map((value): TypedValue => [0x0d, value]),
  fc.integer().map((value): TypedValue => [0x10, int32(value)]),
  eightBytes.map((value): TypedValue => [0x11, value]),
  eightBytes.map((value): TypedValue => [0x12, value]),
  // Of 16 bytes not all are the number that they stand for; those with a small exponent are.
  fc.tuple(eightBytes, fc.constantFrom(0x30_40, 0xb0_40)).map(([low, high]): TypedValue => {
    const bytes = Buffer.alloc(16);
    low.copy(bytes);
    bytes.writeUInt16LE(high, 14);
    return [0x13, bytes];
  }),
  fc.constantFrom<TypedValue>([0xff, Buffer.alloc(0)], [0x7f, Buffer.alloc(0)]),
);

const { fields } = fc.letrec<{ value: TypedValue; fields: readonly { readonly bytes: Buffer }[] }>((tie) => ({
  fields: fc
    .uniqueArray(fc.tuple(names, tie('value')), { maxLength: 6, selector: ([name]) => name })
    .map((pairs) => pairs.map(([name, [type, value]]) => element(type, name, value))),
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalars,
    tie('fields').map((inner): TypedValue => [0x03, documentOf(inner)]),
    fc.array(tie('value'), { maxLength: 4 }).map((values): TypedValue => {
      const elements = values.map(([type, value], index) => element(type, String(index), value));
      return [0x04, documentOf(elements)];
    }),
  ),
}));

/** Some documents with ids of their own. */
export const bsonDocuments: fc.Arbitrary<readonly Buffer[]> = fc
  .array(fields, { minLength: 1, maxLength: 20 })
  .map((documents) =>
    documents.map((each, id) =>
      documentOf([element(0x10, '_id', int32(id)), ...each.filter(({ bytes }) => !bytes.includes('_id'))]),
    ),
  );

/** Whether a name is shorter than so many bytes and may be one: MongoDB's documentation, "Naming Restrictions". */
const isName = (bytesMax: number, forbidden: RegExp) => (name: string) =>
  name !== '' && Buffer.byteLength(name) <= bytesMax && !forbidden.test(name);

const anyScript = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
  fc
    .constantFrom('心', 'é', 'ß', '👩‍👩‍👧', 'x', '%2e', '-')
    .chain((unit) => fc.integer({ min: 1, max: 200 }).map((count) => unit.repeat(count))),
);

export const databaseNames = anyScript.filter(isName(63, /[\s/\\."$*<>:|?\0]|^(admin|local|config)$|^taishang/i));

export const collectionNames = anyScript.filter(isName(180, /[$\0]|^\.|\.$|^system\.|^taishang/));
