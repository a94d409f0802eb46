import type { FileRow } from '../check/row-limits.ts';
import { readCsv } from './read-csv.ts';
import { readNdjson } from './read-ndjson.ts';
import { readParquet } from './read-parquet.ts';
import type { RowFile } from './row-file.ts';

const readers: Readonly<Record<RowFile['format'], (file: RowFile) => AsyncIterable<FileRow>>> = {
  csv: readCsv,
  ndjson: readNdjson,
  parquet: readParquet,
};

/** Rows of a file with the line where each begins, streamed: no more than some rows are held, whatever is in it. */
export function readRows(file: RowFile): AsyncIterable<FileRow> {
  return readers[file.format](file);
}
