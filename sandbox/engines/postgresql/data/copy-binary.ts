import { endianness } from 'node:os';

/** Signature, flags and the length of an extension (PostgreSQL documentation, "COPY", "Binary Format"). */
export const binaryHeader = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');

/** A row of -1 fields ends the stream. */
export const binaryTrailer = Buffer.from([0xff, 0xff]);

/**
 * A row in COPY's binary form: texts, 4-byte integers, and vectors as pgvector's `vector_recv` takes them. A vector as
 * text is six times as long, and making and reading it takes most of the time of a load.
 */
export function binaryRow(values: readonly unknown[]): Buffer {
  const fields = values.map(binaryField);
  const row = Buffer.allocUnsafe(2 + fields.reduce((sum, field) => sum + 4 + field.length, 0));
  let offset = row.writeInt16BE(values.length, 0);
  for (const field of fields) {
    offset = row.writeInt32BE(field.length, offset);
    offset += field.copy(row, offset);
  }
  return row;
}

function binaryField(value: unknown): Buffer {
  if (value instanceof Float32Array) return vectorField(value);
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  if (Number.isInteger(value)) {
    const field = Buffer.allocUnsafe(4);
    field.writeInt32BE(value as number, 0);
    return field;
  }
  throw new TypeError(`${typeof value} has no binary form here`);
}

/** Dimensions, an unused word, then each number with its highest byte first. */
export function vectorField(vector: Float32Array): Buffer {
  const field = Buffer.allocUnsafe(4 + vector.byteLength);
  field.writeInt16BE(vector.length, 0);
  field.writeInt16BE(0, 2);
  const numbers = field.subarray(4);
  Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).copy(numbers);
  if (endianness() === 'LE') numbers.swap32();
  return field;
}
