import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { Client, ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { EntityName } from '../../../../seeds/entities.ts';
import { inTransaction } from '../server/in-transaction.ts';
import { binaryHeader, binaryRow, binaryTrailer } from './copy-binary.ts';
import { textRow } from './copy-text.ts';
import { markRows } from './load-records.ts';
import type { TableLoad } from './rows.ts';

/** Rows are handed to COPY in pieces of about this many bytes: one row a piece costs a full core. */
const pieceBytes = 128 * 1024;

/** Rows a transaction, at most: what a load that is cut off has to do again. See docs/measurements/loading.md for what it costs. */
const rowsPerTransaction = 20_000;

export interface TableRows {
  readonly table: TableLoad<EntityName>;
  readonly batches: AsyncIterable<readonly never[]>;
  /** Rows that are there already. */
  readonly from: number;
  readonly advance: (rows: number) => void;
}

/** Copies the rows that are not there yet, some at a time, each time in one transaction with the mark. */
export async function copyTable(client: Client, { table, batches, from, advance }: TableRows): Promise<void> {
  const iterator = batches[Symbol.asyncIterator]();
  let position = 0;
  let next = await iterator.next();
  const take = async () => {
    next = await iterator.next();
  };
  while (next.done !== true && position + next.value.length <= from) {
    position += next.value.length;
    await take();
  }
  while (next.done !== true) {
    const end = Math.max(position, from) + rowsPerTransaction;
    await inTransaction(client, async () => {
      await using copy = openCopy(client, table);
      while (next.done !== true && position < end) {
        const rows = position >= from ? next.value : next.value.slice(from - position);
        await copy.write(rows);
        position += next.value.length;
        advance(rows.length);
        await take();
      }
      await copy.end();
      await markRows(client, table.table, position);
    });
  }
}

/** Copies rows beside those that are there. */
export async function copyRows(
  client: ClientBase,
  table: TableLoad<EntityName>,
  rows: readonly never[],
): Promise<void> {
  await using copy = openCopy(client, table);
  await copy.write(rows);
  await copy.end();
}

interface Copy extends AsyncDisposable {
  readonly write: (rows: readonly never[]) => Promise<void>;
  /** Sends the rest. Rejects with what the server refused. */
  readonly end: () => Promise<void>;
}

function openCopy(client: ClientBase, { table, columns, row, binary }: TableLoad<EntityName>): Copy {
  const format = binary ? ' WITH (FORMAT binary)' : '';
  const stream = client.query(copyFrom(`COPY ${table} (${columns.join(', ')}) FROM STDIN${format}`));
  const ended = finished(stream);
  ended.catch(() => {});
  // The server reads as fast as it can write: back-pressure reaches whoever makes the rows.
  const send = async (piece: string | Buffer) => {
    if (!stream.write(piece)) await Promise.race([once(stream, 'drain'), ended]);
  };
  let isEnded = false;
  if (binary) stream.write(binaryHeader);
  return {
    async write(rows) {
      if (binary) {
        await send(Buffer.concat(rows.map((entity) => binaryRow(row(entity)))));
        return;
      }
      let piece = '';
      for (const entity of rows) {
        piece += textRow(row(entity));
        if (piece.length < pieceBytes) continue;
        await send(piece);
        piece = '';
      }
      if (piece !== '') await send(piece);
    },
    async end() {
      isEnded = true;
      if (binary) stream.write(binaryTrailer);
      stream.end();
      await ended;
    },
    async [Symbol.asyncDispose]() {
      // Something failed while rows were made or sent: the server is told, so that the transaction can be rolled back.
      if (!isEnded) stream.destroy();
      if (!isEnded) await ended.catch(() => {});
    },
  };
}
