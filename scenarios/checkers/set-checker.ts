import type { HistoryEvent } from '../history.ts';

/** What a history of unique adds and full reads comes to. Lists are of values, in ascending order. */
export interface SetFindings {
  /** `unknown` where nothing is known to have been kept. */
  readonly verdict: 'pass' | 'fail' | 'unknown';
  /** Adds that began. */
  readonly attempted: number;
  readonly acknowledged: number;
  /** Certainly not done. */
  readonly refused: number;
  /** Neither acknowledged nor refused. */
  readonly unknown: number;
  /** Known, and in the last read of every member that was read since. */
  readonly stable: readonly number[];
  /** Known, and then absent from a member's reads for good. */
  readonly lost: readonly number[];
  /** Acknowledged, and no read began afterwards. */
  readonly neverRead: readonly number[];
  /** Stable, but absent from an earlier read that began after it was known. */
  readonly stale: readonly number[];
  /** Read, but never attempted, or refused. */
  readonly unexpected: readonly number[];
  /** More than once in one read. */
  readonly duplicated: readonly number[];
  /** Adds without an answer that turned out to be done. */
  readonly unknownButKept: number;
}

interface Read {
  readonly member: string;
  readonly invokedMs: number;
  readonly completedMs: number;
  readonly values: ReadonlySet<number>;
  readonly repeated: readonly number[];
}

interface Add {
  acknowledgedMs?: number;
  refused: boolean;
}

/**
 * Classifies each value of a history as Jepsen's set checker does. A value is known once its add was acknowledged or a
 * read has shown it. Each member is held to its own reads: a value that one member has lost is lost.
 */
export function checkSet(events: readonly HistoryEvent[]): SetFindings {
  const adds = addsOf(events);
  const reads = readsOf(events);
  const stable: number[] = [];
  const lost: number[] = [];
  const neverRead: number[] = [];
  const stale: number[] = [];
  let unknownButKept = 0;
  for (const [value, add] of adds) {
    const fate = fateOf(value, add, reads);
    if (fate === 'lost') lost.push(value);
    else if (fate === 'never-read') neverRead.push(value);
    else if (fate === 'stable' || fate === 'stale') stable.push(value);
    if (fate === 'stale') stale.push(value);
    if (add.acknowledgedMs === undefined && !add.refused && (fate === 'stable' || fate === 'stale'))
      unknownButKept += 1;
  }
  const seen = new Set(reads.flatMap((read) => [...read.values]));
  const unexpected = [...seen].filter((value) => adds.get(value)?.refused ?? true);
  const duplicated = [...new Set(reads.flatMap((read) => read.repeated))];
  const all = [...adds.values()];
  const acknowledged = all.filter((add) => add.acknowledgedMs !== undefined).length;
  const refused = all.filter((add) => add.refused).length;
  const failed = lost.length > 0 || unexpected.length > 0 || duplicated.length > 0;
  return {
    verdict: failed ? 'fail' : stable.length === 0 || neverRead.length > 0 ? 'unknown' : 'pass',
    attempted: adds.size,
    acknowledged,
    refused,
    unknown: adds.size - acknowledged - refused,
    stable: ascending(stable),
    lost: ascending(lost),
    neverRead: ascending(neverRead),
    stale: ascending(stale),
    unexpected: ascending(unexpected),
    duplicated: ascending(duplicated),
    unknownButKept,
  };
}

type Fate = 'stable' | 'stale' | 'lost' | 'never-read' | 'never-known';

function fateOf(value: number, add: Add, reads: readonly Read[]): Fate {
  const shown = reads.filter((read) => read.values.has(value)).map((read) => read.completedMs);
  const knownMs = Math.min(add.acknowledgedMs ?? Number.POSITIVE_INFINITY, ...shown);
  if (knownMs === Number.POSITIVE_INFINITY || (add.refused && shown.length > 0)) return 'never-known';
  const later = reads.filter((read) => read.invokedMs >= knownMs || read.values.has(value));
  if (later.length === 0) return 'never-read';
  const last = new Map<string, Read>();
  for (const read of later) {
    const before = last.get(read.member);
    if (before === undefined || read.invokedMs >= before.invokedMs) last.set(read.member, read);
  }
  if ([...last.values()].some((read) => !read.values.has(value))) return 'lost';
  return later.every((read) => read.values.has(value)) ? 'stable' : 'stale';
}

function addsOf(events: readonly HistoryEvent[]): ReadonlyMap<number, Add> {
  const adds = new Map<number, Add>();
  for (const { operation, type, value, timeMs } of events) {
    if (operation !== 'add' || typeof value !== 'number') continue;
    const add = adds.get(value) ?? { refused: false };
    adds.set(value, add);
    if (type === 'ok') add.acknowledgedMs = timeMs;
    if (type === 'fail') add.refused = true;
  }
  return adds;
}

/** Reads that came back. One that did not says nothing. */
function readsOf(events: readonly HistoryEvent[]): readonly Read[] {
  const invoked = new Map<HistoryEvent['process'], number>();
  const reads: Read[] = [];
  for (const { operation, type, value, timeMs, process, node = '' } of events) {
    if (operation !== 'read') continue;
    if (type === 'invoke') invoked.set(process, timeMs);
    if (type !== 'ok' || value === undefined || typeof value === 'number') continue;
    const values = new Set(value);
    const once = new Set<number>();
    const repeated = values.size === value.length ? [] : value.filter((each) => once.has(each) || !once.add(each));
    reads.push({ member: node, invokedMs: invoked.get(process) ?? timeMs, completedMs: timeMs, values, repeated });
  }
  return reads;
}

function ascending(values: readonly number[]): readonly number[] {
  return values.toSorted((left, right) => left - right);
}
