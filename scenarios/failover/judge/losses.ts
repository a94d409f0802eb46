import { operationsOf } from '../../checkers/operations.ts';
import { effectMsOf, type HistoryEvent } from '../../history.ts';
import { type RecoveryPoint, recoveryPointOf } from '../../recovery-times.ts';
import { checkSet } from '../../workloads/set/check.ts';

/** Faults that losses are put down to. */
const losing: ReadonlySet<string> = new Set(['kill', 'pause', 'isolate', 'stop']);

/** What may well make an engine choose another primary, beside those: followers that no longer hear theirs. */
const provoking: ReadonlySet<string> = new Set([...losing, 'loss', 'promote']);

/** Whether losses are put down to a fault of this name. */
export function losesWrites(fault: string): boolean {
  return losing.has(fault);
}

function isLosing({ process, type, operation }: HistoryEvent): boolean {
  return process === 'nemesis' && type === 'info' && losing.has(operation);
}

/**
 * Another node became the primary, and no fault had come before: on a machine that is busy, an engine takes a primary
 * for dead that is not. Its losses are put down to that moment.
 */
export function unaskedFailovers(events: readonly HistoryEvent[]): readonly HistoryEvent[] {
  const lastRoles = new Map<string, string>();
  let isExpected = true;
  return events.filter((event) => {
    if (event.process === 'nemesis') isExpected ||= provoking.has(event.operation);
    if (event.process !== 'observer' || event.operation !== 'role' || event.role === 'down') return false;
    // One that was away says what it was before: that is no failover.
    const before = lastRoles.get(event.node);
    lastRoles.set(event.node, event.role);
    if (event.role !== 'primary' || before === 'primary') return false;
    const isUnasked = !isExpected;
    isExpected = false;
    return isUnasked;
  });
}

/**
 * Longest reach of losses over all faults, each lost write put down to the fault that is nearest in time; or the longest
 * time from a lost write to what may have cost it, where that is longer. Without end where nothing had happened at all:
 * no window is an excuse for that.
 */
export function recoveryPointOfAll(events: readonly HistoryEvent[]): RecoveryPoint {
  const lost = lostAtMs(events);
  const faultsMs = [...events.filter(isLosing), ...unaskedFailovers(events)].map(effectMsOf);
  // A primary that was frozen or cut off, and does not know that it was replaced, is reached again when that is healed.
  const causesMs = [...faultsMs, ...events.filter(isHealed).map(({ timeMs }) => timeMs)];
  if (lost.size > 0 && faultsMs.length === 0) return { operations: lost.size, ms: Number.POSITIVE_INFINITY };
  const points = [...Map.groupBy(lost, ([, timeMs]) => nearest(faultsMs, timeMs))].map(([faultMs, ofFault]) => {
    const values = new Set(ofFault.map(([value]) => value));
    return recoveryPointOf(events, faultMs, (write) => write.operation === 'add' && values.has(write.value));
  });
  const distancesMs = [...lost.values()].map((timeMs) => Math.abs(nearest(causesMs, timeMs) - timeMs));
  return {
    operations: lost.size,
    ms: [...points.map(({ ms }) => ms), ...distancesMs].reduce((longest, ms) => Math.max(longest, ms), 0),
  };
}

/** When each lost write was acknowledged, by its value. */
function lostAtMs(events: readonly HistoryEvent[]): ReadonlyMap<number, number> {
  const lost = new Set(checkSet(events).lost);
  return new Map(
    operationsOf(events).flatMap(({ invoke, completion }) =>
      invoke.operation === 'add' && completion?.type === 'ok' && lost.has(invoke.value)
        ? [[invoke.value, completion.timeMs] as const]
        : [],
    ),
  );
}

function nearest(timesMs: readonly number[], timeMs: number): number {
  const distance = (each: number) => Math.abs(each - timeMs);
  return timesMs.reduce((best, each) => (distance(each) < distance(best) ? each : best), timesMs[0] ?? 0);
}

function isHealed({ process, type, operation }: HistoryEvent): boolean {
  return process === 'nemesis' && type === 'info' && operation === 'heal';
}
