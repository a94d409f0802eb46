import { withoutUndefined } from '../sandbox/core/without-undefined.ts';
import { operationsOf, outcomeOf, type PairedOperation } from './checkers/operations.ts';
import { effectMsOf, type HistoryEvent, type NemesisEvent } from './history.ts';
import { isWrite } from './workloads/operations.ts';

/** How long one fault was felt, in milliseconds from the moment at which it had taken effect. */
export interface RecoveryTimes {
  /** Name of the fault. */
  readonly fault: string;
  readonly node?: string;
  /** When it had taken effect, since the history began. */
  readonly faultMs: number;
  /** Until an observer recorded `detect`. Absent, here and below: it did not happen before the next fault. */
  readonly detectMs?: number;
  /** Until the nemesis had promoted another node, or an observer saw one as `primary`. */
  readonly promoteMs?: number;
  /** Until a node committed a write that was asked for directly, with the bare driver: the engine's own time. */
  readonly writableMs?: number;
  /** Until the first acknowledgement of a write that began after the fault. */
  readonly firstWriteMs?: number;
  /** What clients saw: from the last acknowledgement of a write that began before the fault to that first one. */
  readonly clientOutageMs?: number;
}

/**
 * Times of each fault of a name, `kill` by default, from the moment at which it had taken effect. What happened after the next fault of that name is counted as that
 * one's.
 */
export function recoveryTimesOf(events: readonly HistoryEvent[], fault = 'kill'): readonly RecoveryTimes[] {
  const faults = events.filter((event): event is NemesisEvent => {
    return event.process === 'nemesis' && event.type === 'info' && event.operation === fault;
  });
  const acknowledged = operationsOf(events).filter(isAcknowledgedWrite);
  return faults.map((event, position) => {
    const faultMs = effectMsOf(event);
    const next = faults[position + 1]?.index ?? Number.POSITIVE_INFINITY;
    // The entry comes last: what was seen between the effect and the entry is of this fault too.
    const isOfThis = ({ index, timeMs }: HistoryEvent) =>
      index < next && (index > event.index || (faultMs < event.timeMs && timeMs >= faultMs));
    const after = events.filter((each) => each !== event && isOfThis(each));
    const since = (found: HistoryEvent | undefined) => found && round(found.timeMs - faultMs);
    const first = earliest(acknowledged.flatMap(({ invoke, completion }) => (isOfThis(invoke) ? [completion] : [])));
    const last = acknowledged
      .filter(({ invoke }) => invoke.index < event.index && !isOfThis(invoke))
      .reduce((latest, { completion }) => Math.max(latest, timeBefore(first, completion)), Number.NEGATIVE_INFINITY);
    return {
      fault,
      faultMs,
      ...withoutUndefined({ node: event.node }),
      ...present('detectMs', since(after.find(({ operation }) => operation === 'detect'))),
      ...present('promoteMs', since(after.find((each) => isPromotion(each, event.node)))),
      ...present('writableMs', since(after.find(({ operation }) => operation === 'writable'))),
      ...present('firstWriteMs', since(first)),
      ...present('clientOutageMs', first && Number.isFinite(last) ? round(first.timeMs - last) : undefined),
    };
  });
}

function earliest(events: readonly (HistoryEvent | undefined)[]): HistoryEvent | undefined {
  return events.reduce((before, each) => (before && (!each || before.index < each.index) ? before : each), undefined);
}

/** When an event was, if it was before another one. */
function timeBefore(other: HistoryEvent | undefined, event: HistoryEvent | undefined): number {
  return event !== undefined && other !== undefined && event.index < other.index
    ? event.timeMs
    : Number.NEGATIVE_INFINITY;
}

function isPromotion(event: HistoryEvent, failedNode: string | undefined): boolean {
  if (event.process === 'nemesis') return event.type === 'info' && event.operation === 'promote';
  if (event.process !== 'observer' || event.operation !== 'role') return false;
  return event.role === 'primary' && event.node !== failedNode;
}

/** What a fault cost of what was acknowledged. */
export interface RecoveryPoint {
  /** Acknowledged writes that are lost. */
  readonly operations: number;
  /**
   * How far back losses reach: from the oldest lost acknowledgement to the fault, or to the newest lost one if a
   * primary that was cut off went on acknowledging. 0 if nothing is lost.
   */
  readonly ms: number;
}

/**
 * Losses of a fault that had taken effect at `faultMs`. `isLost` tells the writes whose value a checker found lost.
 */
export function recoveryPointOf(
  events: readonly HistoryEvent[],
  faultMs: number,
  isLost: (write: PairedOperation['invoke']) => boolean,
): RecoveryPoint {
  let operations = 0;
  let oldestMs = Number.POSITIVE_INFINITY;
  let newestMs = faultMs;
  for (const { invoke, completion } of operationsOf(events).filter(isAcknowledgedWrite)) {
    if (completion === undefined || !isLost(invoke)) continue;
    operations += 1;
    oldestMs = Math.min(oldestMs, completion.timeMs);
    newestMs = Math.max(newestMs, completion.timeMs);
  }
  return { operations, ms: operations === 0 ? 0 : round(newestMs - oldestMs) };
}

/** Median and maximum over runs. */
export interface Spread {
  /** Runs in which it was measured. */
  readonly runs: number;
  /** Of an even number of runs, the lower of the two in the middle: a value that was measured. */
  readonly p50: number;
  readonly max: number;
}

/** Spread of what was measured in some runs. Returns nothing if it was in none. */
export function spreadOf(values: readonly (number | undefined)[]): Spread | undefined {
  const measured = values.filter((value) => value !== undefined).toSorted((left, right) => left - right);
  const [p50, max] = [measured[Math.ceil(measured.length / 2) - 1], measured.at(-1)];
  return p50 === undefined || max === undefined ? undefined : { runs: measured.length, p50, max };
}

function isAcknowledgedWrite(operation: PairedOperation): boolean {
  return isWrite(operation.invoke) && outcomeOf(operation) === 'ok';
}

function present<Name extends string>(name: Name, value: number | undefined): { readonly [Key in Name]?: number } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [Key in Name]?: number });
}

/** To microseconds, as histories are: sums of fractions are not exact. */
function round(timeMs: number): number {
  return Math.round(timeMs * 1_000) / 1_000;
}
