import { operationsOf } from '../checkers/operations.ts';
import { checkSet } from '../checkers/set-checker.ts';
import type { HistoryEvent } from '../history.ts';
import { type RecoveryPoint, recoveryPointOf } from '../recovery-times.ts';

/** Faults that losses are put down to. */
const losing: ReadonlySet<string> = new Set(['kill', 'pause', 'isolate', 'stop']);

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
    if (event.process === 'nemesis') isExpected ||= losing.has(event.operation) || event.operation === 'promote';
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

/** Longest reach of losses over all faults, each lost write put down to the fault that is nearest in time. */
export function recoveryPointOfAll(events: readonly HistoryEvent[]): RecoveryPoint {
  const lost = new Set(checkSet(events).lost);
  const faultsMs = [...events.filter(isLosing), ...unaskedFailovers(events)].map(({ timeMs }) => timeMs);
  const nearest = new Map<number, number>();
  for (const { invoke, completion } of operationsOf(events)) {
    if (invoke.operation !== 'add' || completion?.type !== 'ok' || !lost.has(invoke.value)) continue;
    const distance = (faultMs: number) => Math.abs(faultMs - completion.timeMs);
    const [first = 0] = faultsMs;
    const closest = faultsMs.reduce((best, each) => (distance(each) < distance(best) ? each : best), first);
    nearest.set(invoke.value, closest);
  }
  const points = [...new Set(nearest.values())].map((faultMs) =>
    recoveryPointOf(events, faultMs, (write) => write.operation === 'add' && nearest.get(write.value) === faultMs),
  );
  return {
    operations: points.reduce((sum, { operations }) => sum + operations, 0),
    ms: points.reduce((max, { ms }) => Math.max(max, ms), 0),
  };
}
