import { never, type PairedOperation } from './operations.ts';

/** A value that somebody tried to write. Positions are in the history, times in milliseconds. */
export interface Attempt {
  /** Where the first try that may have taken effect began. */
  readonly invokedAt: number;
  /** `never`: it was not acknowledged. */
  readonly acknowledgedAt: number;
  readonly acknowledgedMs: number;
  /** Certainly not written. */
  readonly refused: boolean;
}

/** A read of all values that came back. */
export interface FullRead {
  /** Node that was asked; each is held to its own reads. */
  readonly member: string;
  readonly invokedAt: number;
  readonly invokedMs: number;
  readonly completedAt: number;
  readonly completedMs: number;
  readonly values: readonly number[];
}

/** A read of this kind that came back, as a list of one. One that did not says nothing. */
export function fullReadOf(
  { invoke, completion }: PairedOperation,
  operation: 'read' | 'read-list',
): readonly FullRead[] {
  if (completion?.operation !== 'read' && completion?.operation !== 'read-list') return [];
  if (completion.operation !== operation || completion.type !== 'ok' || completion.value === undefined) return [];
  return [
    {
      member: completion.node ?? '',
      invokedAt: invoke.index,
      invokedMs: invoke.timeMs,
      completedAt: completion.index,
      completedMs: completion.timeMs,
      values: completion.value,
    },
  ];
}

interface StaleValue {
  readonly value: number;
  /** From its being known to the beginning of the last read that lacks it. */
  readonly ageMs: number;
}

/** What became of each value. It is known once it was acknowledged or a read has shown it. */
export interface Presence {
  /** Known, and in the last read of every member that was read since. */
  readonly stable: readonly number[];
  /** Acknowledged, and then absent from a member's reads for good. */
  readonly lost: readonly number[];
  /** Never acknowledged, shown by a read, and then absent from a member's reads for good: nobody was promised it. */
  readonly diverged: readonly number[];
  /** Acknowledged, and no read began afterwards. */
  readonly neverRead: readonly number[];
  /** Stable, but absent from a read that began after it was known. */
  readonly stale: readonly StaleValue[];
  /** Read, but never attempted, refused, or before any attempt began. */
  readonly unexpected: readonly number[];
  /** More than once in one read. */
  readonly duplicated: readonly number[];
  /** Attempts without an answer that turned out to be done. */
  readonly infoButKept: number;
}

interface Trace {
  knownAt: number;
  knownMs: number;
  shown: boolean;
  /** Where the first read that shows it was over. */
  firstShownAt: number;
  /** The last read, by the order of their beginnings, that was seen to hold the value. */
  lastHolding: number;
  /** The last read that lacks it. */
  lastLacking: number;
}

/**
 * Classifies each value as Jepsen's set checker does, but tells what was acknowledged and is lost from what was only seen
 * and is gone: clients were promised the one, and not the other. Takes time and memory in proportion to the attempts (times the members) and to what all reads hold.
 */
export function classifyPresence(attempts: ReadonlyMap<number, Attempt>, reads: readonly FullRead[]): Presence {
  const inOrder = reads.toSorted((left, right) => left.invokedAt - right.invokedAt);
  const { traces, duplicated } = traceValues(attempts, inOrder);
  const lastOfMember = new Map(inOrder.map((read) => [read.member, read]));
  const lastReads = [...lastOfMember.values()].map((read) => ({ ...read, values: new Set(read.values) }));
  const lastInvokedAt = inOrder.at(-1)?.invokedAt ?? -1;
  const stable: number[] = [];
  const lost: number[] = [];
  const diverged: number[] = [];
  const neverRead: number[] = [];
  const stale: StaleValue[] = [];
  let infoButKept = 0;
  for (const [value, { acknowledgedAt, refused }] of attempts) {
    const trace = traces.get(value);
    if (trace === undefined || trace.knownAt === never || (refused && trace.shown)) continue;
    const isGoneSince = (at: number) => lastReads.some((read) => read.invokedAt > at && !read.values.has(value));
    if (isGoneSince(acknowledgedAt)) {
      lost.push(value);
    } else if (acknowledgedAt === never && isGoneSince(trace.knownAt)) {
      diverged.push(value);
    } else if (!trace.shown && lastInvokedAt < trace.knownAt) {
      neverRead.push(value);
    } else {
      stable.push(value);
      if (acknowledgedAt === never && !refused) infoButKept += 1;
      const lacking = inOrder[trace.lastLacking];
      if (lacking !== undefined && lacking.invokedAt > trace.knownAt) {
        stale.push({ value, ageMs: lacking.invokedMs - trace.knownMs });
      }
    }
  }
  const unexpected = [...traces].flatMap(([value, { shown, firstShownAt }]) => {
    const attempt = attempts.get(value);
    return shown && (attempt === undefined || attempt.refused || firstShownAt < attempt.invokedAt) ? [value] : [];
  });
  return { stable, lost, diverged, neverRead, stale, unexpected, duplicated, infoButKept };
}

function traceValues(
  attempts: ReadonlyMap<number, Attempt>,
  reads: readonly FullRead[],
): { readonly traces: ReadonlyMap<number, Trace>; readonly duplicated: readonly number[] } {
  const last = reads.length - 1;
  const traces = new Map<number, Trace>();
  const duplicated = new Set<number>();
  for (const [value, { acknowledgedAt: knownAt, acknowledgedMs: knownMs }] of attempts) {
    traces.set(value, { knownAt, knownMs, shown: false, firstShownAt: never, lastHolding: -1, lastLacking: last });
  }
  for (const [position, read] of reads.entries()) {
    for (const value of read.values) {
      let trace = traces.get(value);
      if (trace === undefined) {
        trace = {
          knownAt: never,
          knownMs: never,
          shown: false,
          firstShownAt: never,
          lastHolding: -1,
          lastLacking: last,
        };
        traces.set(value, trace);
      }
      if (trace.lastHolding === position) duplicated.add(value);
      trace.lastHolding = position;
      trace.shown = true;
      trace.firstShownAt = Math.min(trace.firstShownAt, read.completedAt);
      if (read.completedAt < trace.knownAt) {
        trace.knownAt = read.completedAt;
        trace.knownMs = read.completedMs;
      }
    }
  }
  // Backwards: a value's last lacking read moves to the front for as long as each read holds it.
  for (let position = last; position >= 0; position -= 1) {
    for (const value of reads[position]?.values ?? []) {
      const trace = traces.get(value);
      if (trace?.lastLacking === position) trace.lastLacking -= 1;
    }
  }
  return { traces, duplicated: [...duplicated] };
}
