import type { TransferListItem } from 'node:worker_threads';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import type { Entities, EntityName } from '../entities.ts';
import { type Column, toColumn } from './columns.ts';
import { digestOfRows } from './fingerprint.ts';
import { createRowSource, type RowSource, type WorldKey } from './row-source.ts';

/** Rows that a worker is asked for. */
export interface RowRequest {
  readonly world: WorldKey;
  readonly name: EntityName;
  readonly first: number;
  readonly count: number;
}

/** The last world that this worker made rows of: a reader asks for many batches of one. */
let last: { readonly key: string; readonly source: RowSource } | undefined;

/** What a worker answers. Whoever reads it takes the value out: see `runOnWorker`. */
export interface Answer<Value> {
  value: Value | undefined;
}

/** SHA-256 of the rows: see `digestOfRows`. */
export function digestRows(request: RowRequest): Answer<string> {
  return { value: digestOfRows(request.name, rowsOf(request)) };
}

/** A column of the rows as a message; the memory of vectors is handed over instead of copied. */
export function makeRows(request: RowRequest): Answer<Column> {
  const rows = rowsOf(request);
  const answer = { value: toColumn(rows) };
  const buffers = rows.flatMap((row) => ('vector' in row ? [row.vector.buffer as ArrayBuffer] : []));
  if (buffers.length === 0) return answer;
  // What the reader gets of it is the answer.
  return move({
    [transferableSymbol]: buffers as readonly TransferListItem[],
    [valueSymbol]: answer,
  } as never) as never;
}

function rowsOf({ world, name, first, count }: RowRequest): readonly Entities[EntityName][] {
  const key = JSON.stringify(world);
  if (last?.key !== key) last = { key, source: createRowSource(world) };
  return last.source.rows(name, first, count);
}
