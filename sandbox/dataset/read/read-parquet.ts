import zlib from 'node:zlib';
import {
  asyncBufferFromFile,
  type Compressors,
  type FileMetaData,
  type ParquetParsers,
  parquetMetadataAsync,
  parquetReadObjects,
} from 'hyparquet';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { fieldsOf } from '../check/fields.ts';
import type { FileRow } from '../check/row-limits.ts';
import { shownText } from '../shown-text.ts';
import { parseExactJson } from './exact-json.ts';
import { rawNumber } from './exact-number.ts';
import type { RowFile } from './row-file.ts';
import { refusedFile } from './text-chunks.ts';

/** A row group is read whole: its bytes, unpacked, at most. An export has some hundred kilobytes. */
const groupBytesMax = 64 * 2 ** 20;

/** What Node unpacks beside the library's own snappy; never to more than the page says. */
const compressors: Compressors = {
  GZIP: (input, maxOutputLength) => zlib.gunzipSync(input, { maxOutputLength }),
  BROTLI: (input, maxOutputLength) => zlib.brotliDecompressSync(input, { maxOutputLength }),
  ZSTD: (input, maxOutputLength) => zlib.zstdDecompressSync(input, { maxOutputLength }),
};

/** JSON as its text, to be read without losing digits. */
class JsonText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const textOf = (bytes: Uint8Array | undefined) => bytes && decoder.decode(bytes);

/** Values as NDJSON would have them: times as text with all their digits. */
const parsers: Partial<ParquetParsers> = {
  stringFromBytes: textOf,
  jsonFromBytes: (bytes?: Uint8Array) => bytes && new JsonText(decoder.decode(bytes)),
  timestampFromMilliseconds: (count?: bigint) => timeText(count, 3),
  timestampFromMicroseconds: (count?: bigint) => timeText(count, 6),
  timestampFromNanoseconds: (count?: bigint) => timeText(count, 9),
  dateFromDays: (days?: number) => (days === undefined ? days : timeText(BigInt(days) * 86_400_000n, 3)?.slice(0, 10)),
};

/** A count of 10^-digits of a second since 1970 as ISO 8601; one that has no such text stays a number, and is refused. */
function timeText(count: bigint | undefined, digits: number): string | undefined {
  if (count === undefined) return undefined;
  const second = 10n ** BigInt(digits);
  const fraction = ((BigInt(count) % second) + second) % second;
  const time = new Date(Number(((BigInt(count) - fraction) * 1_000n) / second));
  if (Number.isNaN(time.getTime())) return String(count);
  return `${time.toISOString().slice(0, -4)}${String(fraction).padStart(digits, '0')}Z`;
}

/** Rows of a Parquet file, a row group at a time. Throws `IMPORT_REJECTED` where it cannot be read without loss. */
export async function* readParquet(file: RowFile): AsyncGenerator<FileRow> {
  const refuse = (reason: string, next = 'Write it anew, or write NDJSON.') => refusedFile(file.path, 1, reason, next);
  const unreadable = (thrown: unknown) => {
    if (thrown instanceof SandboxError) return thrown;
    return refuse(`is not Parquet as it is read here: ${shownText(messageOf(thrown))}`);
  };
  const opened = await open(file.path).catch((thrown) => {
    throw unreadable(thrown);
  });
  const reason = refusalOf(opened.metadata);
  if (reason !== undefined) throw refuse(reason);
  const kinds = new Map(fieldsOf(file.entity).map(({ name, kind }) => [name, kind]));
  let rowStart = 0;
  for (const { num_rows } of opened.metadata.row_groups) {
    const rowEnd = rowStart + Number(num_rows);
    const rows = await parquetReadObjects({ ...opened, compressors, parsers, rowStart, rowEnd }).catch((thrown) => {
      throw unreadable(thrown);
    });
    for (const [at, row] of rows.entries()) {
      const parsed = Object.entries(row).map(
        ([name, value]) => [name, plain(value, kinds.get(name) === 'json')] as const,
      );
      const bad = parsed.find(([, value]) => 'problem' in value);
      const line = rowStart + at + 1;
      if (bad !== undefined && 'problem' in bad[1]) yield { line, problem: `/${shownText(bad[0])} ${bad[1].problem}` };
      else
        yield {
          line,
          value: Object.fromEntries(parsed.map(([name, value]) => [name, 'value' in value ? value.value : null])),
        };
    }
    rowStart = rowEnd;
  }
}

async function open(path: string) {
  const file = await asyncBufferFromFile(path);
  return { file, metadata: await parquetMetadataAsync(file) };
}

/** What would be read otherwise than it is written. */
function refusalOf({ schema, row_groups }: FileMetaData): string | undefined {
  const decimal = schema.find(({ converted_type, logical_type }) =>
    [converted_type, logical_type?.type].includes('DECIMAL'),
  );
  if (decimal !== undefined)
    return `has the column \`${shownText(decimal.name)}\` of type DECIMAL, which would lose digits`;
  const names = schema.slice(1).flatMap(({ name }, at) => (isTopLevel(schema, at + 1) ? [name] : []));
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) return `names the column \`${shownText(twice)}\` twice`;
  if (row_groups.every(({ total_byte_size }) => total_byte_size <= BigInt(groupBytesMax))) return undefined;
  return `has a row group of more than ${groupBytesMax / 2 ** 20} MiB`;
}

/** The schema is a tree that was written from its root down (Parquet format, "SchemaElement"). */
function isTopLevel(schema: FileMetaData['schema'], index: number): boolean {
  let open = 0;
  for (let at = 1; at < index; at += 1) open += (schema[at]?.num_children ?? 0) - (open > 0 ? 1 : 0);
  return open === 0;
}

type Plain = { readonly value: unknown } | { readonly problem: string };

/** A value as JSON has it; integers of 64 bits keep their digits. Texts of a field that is JSON are read as such. */
function plain(value: unknown, isJson: boolean): Plain {
  if (value instanceof JsonText) return parseExactJson(value.text);
  if (isJson && typeof value === 'string') return parseExactJson(value);
  return { value: withDigits(value) };
}

function withDigits(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : rawNumber(String(value));
  if (ArrayBuffer.isView(value)) return [...(value as unknown as Iterable<unknown>)].map(withDigits);
  if (Array.isArray(value)) return value.map(withDigits);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withDigits(inner)]));
}
