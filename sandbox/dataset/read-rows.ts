import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parse } from 'csv-parse';
import { messageOf } from '../core/errors.ts';
import { fieldsOf } from './fields.ts';
import type { RowFile } from './row-file.ts';

/** A row of a file before it is checked, or why it is none. */
export type FileRow = { readonly line: number } & ({ readonly value: unknown } | { readonly problem: string });

/** Rows of a file with the line where each begins, streamed. */
export function readRows(file: RowFile): AsyncIterable<FileRow> {
  return file.format === 'csv' ? readCsv(file) : readNdjson(file);
}

async function* readNdjson({ path }: RowFile): AsyncGenerator<FileRow> {
  const lines = createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
  let line = 0;
  for await (const text of lines) {
    line += 1;
    if (text.trim() === '') continue;
    try {
      yield { line, value: JSON.parse(line === 1 ? text.replace(/^\ufeff/, '') : text) };
    } catch (thrown) {
      yield { line, problem: `is not JSON: ${messageOf(thrown)}` };
    }
  }
}

type Cell = string | null;

interface CsvRecord {
  readonly record: readonly Cell[];
  /** Text of the record with the empty lines before it. */
  readonly raw: string;
}

async function* readCsv({ path, entity }: RowFile): AsyncGenerator<FileRow> {
  const kinds = new Map(fieldsOf(entity).map((field) => [field.name, field.kind]));
  const parser = createReadStream(path).pipe(
    parse({
      bom: true,
      // The library's own count takes a line break within quotes for two where it is CR LF.
      raw: true,
      relax_column_count: true,
      skip_empty_lines: true,
      // An empty field without quotes is null, one with quotes is an empty text.
      cast: (value, { quoting }) => (value === '' && !quoting ? null : value),
    }),
  );
  let header: readonly Cell[] | undefined;
  let line = 1;
  try {
    for await (const { record, raw } of parser as AsyncIterable<CsvRecord>) {
      const began = line + breaksIn(/^[\r\n]*/.exec(raw)?.[0] ?? '');
      line += breaksIn(raw);
      if (header === undefined) header = record;
      else if (record.length !== header.length) {
        yield { line: began, problem: `has ${record.length} fields, the header ${header.length}` };
      } else yield { line: began, ...rowOf(header, record, kinds) };
    }
  } catch (thrown) {
    // What comes after an open quote cannot be told from what belongs to it.
    yield { line, problem: `ends the file, for it is not CSV: ${messageOf(thrown)}` };
  }
}

function breaksIn(text: string): number {
  return text.match(/\r\n|\r|\n/g)?.length ?? 0;
}

function rowOf(
  header: readonly Cell[],
  record: readonly Cell[],
  kinds: ReadonlyMap<string, string>,
): { readonly value: unknown } | { readonly problem: string } {
  const row: Record<string, unknown> = {};
  for (const [at, name] of header.entries()) {
    const cell = record[at] ?? null;
    const kind = kinds.get(name ?? '');
    if (cell === null) {
      row[name ?? ''] = null;
    } else if (kind === 'integer' || kind === 'number') {
      row[name ?? ''] = cell.trim() === '' ? cell : Number(cell);
    } else if (kind === 'json' || kind === 'vector') {
      try {
        row[name ?? ''] = JSON.parse(cell);
      } catch (thrown) {
        return { problem: `${name} is not JSON: ${messageOf(thrown)}` };
      }
    } else row[name ?? ''] = cell;
  }
  return { value: row };
}
