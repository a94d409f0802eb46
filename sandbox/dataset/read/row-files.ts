import { stringify } from 'csv-stringify/sync';
import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import type { EntityName } from '../../../seeds/entities.ts';
import { type Field, fieldsOf } from '../check/fields.ts';
import { isRawNumber, rawNumber } from './exact-number.ts';

export const fileFormats = ['ndjson', 'csv', 'parquet'] as const;

/** Form of a file of rows: a JSON document a line, CSV with a header, or Parquet. */
export type FileFormat = (typeof fileFormats)[number];

/** Bytes of one file as its rows come. */
export interface RowEncoder {
  readonly rows: (rows: readonly object[]) => Uint8Array;
  /** What comes after the last row. */
  readonly end: () => Uint8Array;
}

export const rowEncoders: Readonly<Record<FileFormat, (entity: EntityName) => RowEncoder>> = {
  ndjson: ndjsonEncoder,
  csv: csvEncoder,
  parquet: parquetEncoder,
};

/** One JSON document a line; times as ISO 8601, vectors as arrays. */
function ndjsonEncoder(): RowEncoder {
  return {
    rows: (rows) => Buffer.from(rows.map((row) => `${JSON.stringify(row, plainValue)}\n`).join('')),
    end: () => Buffer.alloc(0),
  };
}

/**
 * RFC 4180 with a header: texts are quoted, what is null is an empty field without quotes, and what is no text or
 * number is JSON.
 */
function csvEncoder(entity: EntityName): RowEncoder {
  const fields = fieldsOf(entity);
  const header = stringify([fields.map(({ name }) => name)]);
  let began = false;
  const withHeader = (text: string) => {
    const whole = began ? text : header + text;
    began = true;
    return Buffer.from(whole);
  };
  return {
    rows: (rows) =>
      withHeader(
        stringify(
          rows.map((row) => fields.map((field) => csvValue(field, (row as Record<string, unknown>)[field.name]))),
          { quoted_string: true },
        ),
      ),
    end: () => withHeader(''),
  };
}

function csvValue({ kind }: Field, value: unknown): string | number | null {
  if (value === undefined || (value === null && kind !== 'json')) return null;
  if (kind === 'json' || kind === 'vector') return value === null ? null : JSON.stringify(value, plainValue);
  if (Object.is(value, -0)) return '-0';
  return value instanceof Date ? value.toISOString() : (value as string | number);
}

/** Times are TIMESTAMP_MILLIS, vectors lists of FLOAT, and what has a form of its own is of type JSON. */
function parquetEncoder(entity: EntityName): RowEncoder {
  const fields = fieldsOf(entity);
  const writer = new ByteWriter();
  const schema: SchemaElement[] = [{ name: entity, num_children: fields.length }, ...fields.flatMap(parquetSchema)];
  const parquet = new ParquetWriter({ writer, schema, createdBy: 'taishang-sandbox' });
  const taken = () => {
    const bytes = writer.getBytes().slice();
    writer.index = 0;
    return bytes;
  };
  return {
    rows: (rows) => {
      const columnData = fields.map((field) => ({
        name: field.name,
        data: rows.map((row) => parquetValue(field, (row as Record<string, unknown>)[field.name])),
        // A dictionary has one place for 0 and -0.
        ...(field.kind === 'vector' || field.kind === 'number' ? { encoding: 'PLAIN' as const } : {}),
      }));
      // Memory that is written to is never waited for.
      void parquet.write({ columnData, rowGroupSize: rows.length });
      return taken();
    },
    end: () => {
      void parquet.finish();
      return taken();
    },
  };
}

function parquetSchema({ name, kind, nullable }: Field): SchemaElement[] {
  const repetition = { repetition_type: nullable || kind === 'json' ? 'OPTIONAL' : 'REQUIRED' } as const;
  switch (kind) {
    case 'text':
      return [{ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', ...repetition }];
    case 'integer':
      return [{ name, type: 'INT32', ...repetition }];
    case 'number':
      return [{ name, type: 'DOUBLE', ...repetition }];
    case 'time':
      return [{ name, type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', ...repetition }];
    case 'json':
      return [{ name, type: 'BYTE_ARRAY', converted_type: 'JSON', ...repetition }];
    case 'vector':
      return [
        { name, converted_type: 'LIST', num_children: 1, ...repetition },
        { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
        { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
      ];
  }
}

function parquetValue({ kind }: Field, value: unknown): unknown {
  if (value === undefined) return null;
  if (kind === 'vector') return [...(value as Float32Array)];
  return kind === 'json' ? withSigns(value) : value;
}

/** The library writes what JSON has no form for by itself, but for minus zero. */
function withSigns(value: unknown): unknown {
  if (Object.is(value, -0)) return plainValue('', value);
  if (Array.isArray(value)) return value.map(withSigns);
  if (typeof value !== 'object' || value === null || value instanceof Date || isRawNumber(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withSigns(inner)]));
}

/** For `JSON.stringify`: a vector as a list, and minus zero, which it would write as 0. */
function plainValue(_: string, value: unknown): unknown {
  if (value instanceof Float32Array) return [...value];
  return Object.is(value, -0) ? rawNumber('-0') : value;
}
