import { operationsOf, outcomeOf, type PairedOperation } from '../checkers/operations.ts';
import type { HistoryEvent } from '../history.ts';
import { isWrite } from '../workloads/operations.ts';
import type { Span } from './spans.ts';

/** Operations that ended in a slice of time. */
export interface Bucket {
  ok: number;
  fail: number;
  info: number;
  /** Longest time that one of them took, in milliseconds. */
  slowestMs: number;
}

/** Operations by when they ended; those that never did, by the end of the picture. */
export function bucketsOf(
  operations: readonly PairedOperation[],
  { endMs, count }: { readonly endMs: number; readonly count: number },
): readonly Bucket[] {
  const buckets = Array.from({ length: count }, (): Bucket => ({ ok: 0, fail: 0, info: 0, slowestMs: 0 }));
  for (const operation of operations) {
    const { invoke, completion } = operation;
    const endedMs = completion?.timeMs ?? endMs;
    const bucket = buckets[Math.min(count - 1, Math.floor((endedMs / endMs) * count))];
    if (bucket === undefined) continue;
    bucket[outcomeOf(operation)] += 1;
    bucket.slowestMs = Math.max(bucket.slowestMs, endedMs - invoke.timeMs);
  }
  return buckets;
}

/** Writes and reads apart. */
export function splitOperations(events: readonly HistoryEvent[]): {
  readonly writes: readonly PairedOperation[];
  readonly reads: readonly PairedOperation[];
} {
  const operations = operationsOf(events);
  return {
    writes: operations.filter(({ invoke }) => isWrite(invoke)),
    reads: operations.filter(({ invoke }) => !isWrite(invoke)),
  };
}

/** Shorter pauses are no outage, whatever the pace, in milliseconds: garbage collection and checkpoints take as long. */
const outageMinMs = 200;

/** Pauses of fewer times the usual one are none either: slow clients leave long ones. */
const outageTimesUsual = 10;

/** When clients wrote and nobody was told that a write was done. The last one may last until the last attempt. */
export function outagesOf(writes: readonly PairedOperation[]): readonly Span[] {
  const acknowledgedMs = writes
    .flatMap((write) => (outcomeOf(write) === 'ok' && write.completion ? [write.completion.timeMs] : []))
    .toSorted((left, right) => left - right);
  const begunMs = writes.map(({ invoke }) => invoke.timeMs).toSorted((left, right) => left - right);
  const lastMs = Math.max(
    begunMs.at(-1) ?? 0,
    writes.reduce((last, { completion }) => Math.max(last, completion?.timeMs ?? 0), 0),
  );
  const pauses = acknowledgedMs.map((fromMs, position) => ({ fromMs, toMs: acknowledgedMs[position + 1] ?? lastMs }));
  const lengthsMs = pauses.map(({ fromMs, toMs }) => toMs - fromMs).toSorted((left, right) => left - right);
  const usualMs = lengthsMs[Math.floor(lengthsMs.length / 2)] ?? 0;
  const minMs = Math.max(outageMinMs, usualMs * outageTimesUsual);
  return pauses.filter(({ fromMs, toMs }) => toMs - fromMs >= minMs && hasBetween(begunMs, fromMs, toMs));
}

function hasBetween(inOrder: readonly number[], fromMs: number, toMs: number): boolean {
  return inOrder.some((timeMs) => timeMs >= fromMs && timeMs <= toMs);
}
