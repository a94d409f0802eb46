import { pipeline, Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { messageOf } from '../../core/errors.ts';
import { type FieldKind, fieldsOf } from '../check/fields.ts';
import { type FileRow, rowBytesMax, tooLong } from '../check/row-limits.ts';
import { shownText } from '../shown-text.ts';
import { parseExactJson } from './exact-json.ts';
import { decimalOf, isExact, rawNumber } from './exact-number.ts';
import type { RowFile } from './row-file.ts';
import { refusedFile, textChunks } from './text-chunks.ts';

type Cell = string | null;

interface CsvRecord {
  readonly record: readonly Cell[];
  /** Text of the record. */
  readonly raw: string;
}

/** RFC 4180 with a header. Throws `IMPORT_REJECTED` where the header names a column twice or not at all. */
export async function* readCsv(file: RowFile): AsyncGenerator<FileRow> {
  const kinds = new Map(fieldsOf(file.entity).map((field) => [field.name, field.kind]));
  let columns: readonly string[] | undefined;
  let line = 1;
  try {
    for await (const { record, raw } of recordsOf(file)) {
      const began = line;
      line += breaksIn(raw);
      // An empty line; the library would hold all that come before a record together with it.
      if (record.length === 1 && record[0] === null) continue;
      if (columns === undefined) columns = columnsOf(file.path, began, record);
      else if (record.length !== columns.length) {
        yield { line: began, problem: `has ${record.length} fields, the header ${columns.length}` };
      } else yield { line: began, ...rowOf(columns, record, kinds) };
    }
  } catch (thrown) {
    if (!(thrown instanceof CsvError)) throw thrown;
    // What comes after an open quote cannot be told from what belongs to it.
    const isTooLong = thrown.code === 'CSV_MAX_RECORD_SIZE';
    const reason = isTooLong ? `${tooLong}; is a quote not closed?` : `it is not CSV: ${shownText(messageOf(thrown))}`;
    yield { line, problem: `ends the file: ${reason}` };
  }
}

function recordsOf(file: RowFile): AsyncIterable<CsvRecord> {
  const parser = parse({
    // The library's own count takes a line break within quotes for two where it is CR LF.
    raw: true,
    // Else the first break in the file would decide, be it within quotes.
    record_delimiter: ['\r\n', '\n'],
    max_record_size: rowBytesMax,
    relax_column_count: true,
    // An empty field without quotes is null, one with quotes is an empty text.
    cast: (value, { quoting }) => (value === '' && !quoting ? null : value),
  });
  // What fails on either side is thrown by whoever reads the parser.
  pipeline(Readable.from(textChunks(file), { objectMode: false }), parser, () => {});
  return parser as AsyncIterable<CsvRecord>;
}

/** Line feeds. Of CR LF at its end the library gives the CR alone. */
function breaksIn(text: string): number {
  let count = text.endsWith('\r') ? 1 : 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

function columnsOf(path: string, line: number, header: readonly Cell[]): readonly string[] {
  const names = header.map((name) => name ?? '');
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  const next = 'Give each column the name of its field, once.';
  if (twice !== undefined) throw refusedFile(path, line, `names the column \`${shownText(twice)}\` twice`, next);
  if (names.includes('')) throw refusedFile(path, line, `has no name for column ${names.indexOf('') + 1}`, next);
  return names;
}

function rowOf(
  columns: readonly string[],
  record: readonly Cell[],
  kinds: ReadonlyMap<string, FieldKind>,
): { readonly value: unknown } | { readonly problem: string } {
  const fields: [string, unknown][] = [];
  for (const [at, name] of columns.entries()) {
    const parsed = cellValue(record[at] ?? null, kinds.get(name));
    if ('problem' in parsed) return { problem: `/${shownText(name)} ${parsed.problem}` };
    fields.push([name, parsed.value]);
  }
  return { value: Object.fromEntries(fields) };
}

/** The value of a cell; a text that is no number stays one, and the row's check says so. */
function cellValue(
  cell: Cell,
  kind: FieldKind | undefined,
): { readonly value: unknown } | { readonly problem: string } {
  if (cell === null) return { value: null };
  if (kind === 'json') return parseExactJson(cell);
  if (kind === 'vector') return parseNumbers(cell);
  const isNumber = (kind === 'integer' || kind === 'number') && decimalOf(cell) !== undefined;
  return { value: !isNumber ? cell : isExact(cell) ? Number(cell) : rawNumber(cell) };
}

/** Numbers of a vector are float32: nothing is kept that a double would lose. */
function parseNumbers(cell: string): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: JSON.parse(cell) };
  } catch (thrown) {
    return { problem: `is not JSON: ${shownText(messageOf(thrown))}` };
  }
}
