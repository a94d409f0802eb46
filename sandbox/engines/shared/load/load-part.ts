import { roughBytes } from '../../../core/rows/rough-size.ts';
import type { LoadMarks } from './load-marks.ts';

/** One part of a load: the rows of an entity on their way into one table, collection or label. */
export interface PartLoad<Row> {
  /** Unique within the store. */
  readonly name: string;
  readonly batches: AsyncIterable<readonly Row[]>;
  readonly rowsPerWrite: number;
  /** Writes under way at once. */
  readonly streams: number;
  /** A mark is kept once so many writes of each stream have gone by. Default: 1. */
  readonly writesPerMark?: number;
  /**
   * Writes some rows. Where `mayBeThere` is true a load that was cut off may have written them already: afterwards each
   * must be there once.
   */
  readonly write: (rows: readonly Row[], mayBeThere: boolean) => Promise<void>;
  readonly advance: (rows: number) => void;
}

/**
 * About how many bytes a write has at most; a row that has more is written alone. Qdrant takes requests of 32 MB (its
 * `service.max_request_size_mb`), in which a character may take six, and a transaction of Neo4j is held in its heap.
 */
const bytesPerWrite = 2 ** 22;

/** Nothing is sent that lies so many marks' worth behind the last mark. */
const marksPerWindow = 4;

/**
 * Writes the rows that are not there yet, some writes at once, and marks how far it has come. Rows are made as fast as
 * they are taken: no more than `streams` writes and one batch are held in memory.
 */
export async function loadPart<Row>(part: PartLoad<Row>, marks: LoadMarks): Promise<void> {
  const from = marks.rowsOf(part.name);
  const rowsPerMark = part.rowsPerWrite * part.streams * (part.writesPerMark ?? 1);
  const windowRows = rowsPerMark * marksPerWindow;
  const pending = new Set<Promise<void>>();
  const writes: { readonly end: number; done: boolean }[] = [];
  const reached = { written: from, asked: from, marked: from };
  let failure: unknown;

  function track(work: Promise<void>): void {
    const tracked = work
      .catch((thrown) => {
        failure ??= thrown ?? new Error(`a write of ${part.name} failed`);
      })
      .finally(() => pending.delete(tracked));
    pending.add(tracked);
  }

  async function write(rows: readonly Row[], start: number): Promise<void> {
    const own = { end: start + rows.length, done: false };
    writes.push(own);
    await part.write(rows, marks.resumed && start < from + windowRows);
    own.done = true;
    part.advance(rows.length);
    while (writes[0]?.done) reached.written = writes.shift()?.end ?? reached.written;
    if (reached.written - reached.asked >= rowsPerMark) track(mark(reached.written));
  }

  async function mark(rows: number): Promise<void> {
    reached.asked = rows;
    await marks.mark(part.name, rows);
    reached.marked = Math.max(reached.marked, rows);
  }

  let position = from;
  let running = 0;
  for await (const rows of piecesAfter(part.batches, from, part.rowsPerWrite)) {
    while (failure === undefined && (running >= part.streams || position + rows.length - reached.marked > windowRows)) {
      await Promise.race(pending);
    }
    if (failure !== undefined) break;
    running += 1;
    track(write(rows, position).finally(() => (running -= 1)));
    position += rows.length;
  }
  while (pending.size > 0) await Promise.all(pending);
  if (failure !== undefined) throw failure;
  if (position > reached.marked) await mark(position);
}

/** Rows after the first `from`, in pieces of `size`, or less where they have more than {@link bytesPerWrite}. */
export async function* piecesAfter<Row>(
  batches: AsyncIterable<readonly Row[]>,
  from: number,
  size: number,
): AsyncGenerator<readonly Row[]> {
  let position = 0;
  let held: Row[] = [];
  let heldBytes = 0;
  for await (const batch of batches) {
    for (let at = Math.max(0, from - position); at < batch.length; at += 1) {
      const row = batch[at] as Row;
      held.push(row);
      heldBytes += typeof row === 'object' && row !== null ? roughBytes(row) : 0;
      if (held.length < size && heldBytes < bytesPerWrite) continue;
      yield held;
      [held, heldBytes] = [[], 0];
    }
    position += batch.length;
  }
  if (held.length > 0) yield held;
}
