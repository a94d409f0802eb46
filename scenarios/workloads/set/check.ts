import { createTally, type Findings } from '../../checkers/findings.ts';
import {
  countWrites,
  never,
  operationsOf,
  outcomeOf,
  type PairedOperation,
  type WriteCounts,
} from '../../checkers/operations.ts';
import { type Attempt, classifyPresence, fullReadOf } from '../../checkers/presence.ts';
import type { HistoryEvent } from '../../history.ts';
import type { Judgement } from '../../results.ts';

/** What a history of unique adds and full reads comes to. Lists are of values, in ascending order. */
export interface SetFindings extends WriteCounts {
  /** `unknown` where nothing is known to have been kept. */
  readonly verdict: Judgement;
  /** Reads that came back. */
  readonly reads: number;
  /** Known, and in the last read of every member that was read since. */
  readonly stable: readonly number[];
  /** Acknowledged, and then absent from a member's reads for good. */
  readonly lost: readonly number[];
  /** Never acknowledged, shown by a read, and then absent from a member's reads for good. Does not fail a history. */
  readonly diverged: readonly number[];
  /** Acknowledged, and no read began afterwards. */
  readonly neverRead: readonly number[];
  /** Stable, but absent from an earlier read that began after it was known. */
  readonly stale: readonly number[];
  /** Longest time from a stale value's being known to the beginning of a read that lacks it. */
  readonly staleMaxMs: number;
  /** Read, but never attempted, refused, or before any attempt began. */
  readonly unexpected: readonly number[];
  /** More than once in one read. */
  readonly duplicated: readonly number[];
  /** Adds without an answer that turned out to be done. */
  readonly infoButKept: number;
}

/**
 * Classifies each value of a history (see `classifyPresence`). It fails for what was acknowledged and is lost; replicas
 * that differ in what nobody acknowledged are a finding of their own. Each member is held to its own reads: a value that one member has lost is lost. Linear in the
 * adds, times the members, and in what all reads hold.
 */
export function checkSet(events: readonly HistoryEvent[]): SetFindings {
  const operations = operationsOf(events);
  const attempts = attemptsOf(operations);
  const reads = operations.flatMap((operation) => fullReadOf(operation, 'read'));
  const { stable, lost, diverged, neverRead, stale, unexpected, duplicated, infoButKept } = classifyPresence(
    attempts,
    reads,
  );
  const counts = countWrites(operations.filter(({ invoke }) => invoke.operation === 'add'));
  const failed = lost.length > 0 || unexpected.length > 0 || duplicated.length > 0;
  return {
    verdict: failed ? 'fail' : stable.length === 0 || neverRead.length > 0 ? 'unknown' : 'pass',
    ...counts,
    reads: reads.length,
    stable: ascending(stable),
    lost: ascending(lost),
    diverged: ascending(diverged),
    neverRead: ascending(neverRead),
    stale: ascending(stale.map(({ value }) => value)),
    staleMaxMs: stale.reduce((max, { ageMs }) => Math.max(max, ageMs), 0),
    unexpected: ascending(unexpected),
    duplicated: ascending(duplicated),
    infoButKept,
  };
}

/** The same in the shape that all checkers share, with a bounded number of values. */
export function findingsOfSet(found: SetFindings): Findings {
  const tally = createTally();
  const { attempted, ok, fail, info, reads, lost, diverged, duplicated, unexpected, neverRead } = found;
  for (const [kind, values] of Object.entries({ lost, diverged, duplicated, unexpected, 'never-read': neverRead })) {
    for (const value of values) tally.add(kind as 'lost', () => String(value));
  }
  for (const value of found.stale) tally.addStale(found.staleMaxMs, () => String(value));
  if (found.stable.length === 0) tally.leaveOpen('no value is known to have been kept');
  return {
    workload: 'set',
    verdict: found.verdict,
    attempted,
    ok,
    fail,
    info,
    reads,
    ...tally.result(),
  };
}

/** A value that was added more than once counts as acknowledged if one add was, and as refused if all were. */
function attemptsOf(operations: readonly PairedOperation[]): ReadonlyMap<number, Attempt> {
  const attempts = new Map<number, Attempt>();
  for (const operation of operations) {
    if (operation.invoke.operation !== 'add') continue;
    const { value } = operation.invoke;
    const outcome = outcomeOf(operation);
    const before = attempts.get(value);
    const acknowledged = outcome === 'ok' ? operation.completion : undefined;
    const invokedAt = outcome === 'fail' ? never : operation.invoke.index;
    attempts.set(value, {
      invokedAt: Math.min(before?.invokedAt ?? never, invokedAt),
      acknowledgedAt: Math.min(before?.acknowledgedAt ?? never, acknowledged?.index ?? never),
      acknowledgedMs: Math.min(before?.acknowledgedMs ?? never, acknowledged?.timeMs ?? never),
      refused: outcome === 'fail' && (before?.refused ?? true),
    });
  }
  return attempts;
}

function ascending(values: readonly number[]): readonly number[] {
  return values.toSorted((left, right) => left - right);
}
