import type { WriteOutcome } from '../../sandbox/engines/contract/workloads.ts';
import type { ClientEvent, HistoryEvent } from '../history.ts';

/** An operation from its beginning to its end. */
export interface PairedOperation {
  /** Its beginning; where a history lacks it, its end. */
  readonly invoke: ClientEvent;
  /** The event that ended it. Absent: nobody knows, as with `info`. */
  readonly completion: ClientEvent | undefined;
}

/** Puts beginnings and ends together, in the order of the beginnings. What the nemesis did is left out. */
export function operationsOf(events: readonly HistoryEvent[]): readonly PairedOperation[] {
  const operations: { invoke: ClientEvent; completion: ClientEvent | undefined }[] = [];
  const open = new Map<number, { completion: ClientEvent | undefined }>();
  for (const event of events) {
    if (event.process === 'nemesis' || event.process === 'observer') continue;
    const begun = event.type === 'invoke' ? undefined : open.get(event.process);
    if (begun !== undefined) {
      begun.completion = event;
      open.delete(event.process);
      continue;
    }
    const operation = { invoke: event, completion: event.type === 'invoke' ? undefined : event };
    operations.push(operation);
    if (event.type === 'invoke') open.set(event.process, operation);
  }
  return operations;
}

/** What became of an operation: done, certainly not done, or nobody knows. */
export function outcomeOf({ completion }: PairedOperation): WriteOutcome {
  return completion === undefined || completion.type === 'invoke' ? 'info' : completion.type;
}

/** Position in the history at which it was over. Never, unless it was acknowledged: it may still take effect. */
export function doneAt(operation: PairedOperation): number {
  return outcomeOf(operation) === 'ok' ? (operation.completion?.index ?? never) : never;
}

/** After every position of a history. */
export const never = Number.POSITIVE_INFINITY;

/** Writes by what became of them. */
export interface WriteCounts {
  /** Writes that began. */
  readonly attempted: number;
  /** Acknowledged. */
  readonly ok: number;
  /** Certainly not done. */
  readonly fail: number;
  /** Neither: nobody knows. */
  readonly info: number;
}

export function countWrites(writes: readonly PairedOperation[]): WriteCounts {
  const counts = { ok: 0, fail: 0, info: 0 };
  for (const write of writes) counts[outcomeOf(write)] += 1;
  return { attempted: writes.length, ...counts };
}

/** Values by a key of theirs, in their order. */
export function groupBy<Value, Key>(values: readonly Value[], keyOf: (value: Value) => Key): Map<Key, Value[]> {
  const groups = new Map<Key, Value[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}
