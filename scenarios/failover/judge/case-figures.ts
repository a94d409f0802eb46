import { measuresOfFindings } from '../../checkers/findings.ts';
import type { HistoryEvent } from '../../history.ts';
import { type RecoveryPoint, type RecoveryTimes, recoveryTimesOf, spreadOf } from '../../recovery-times.ts';
import type { Measures } from '../../run-case.ts';
import { checkSet } from '../../workloads/set/check.ts';
import type { FailoverCase } from '../cases.ts';
import type { DrillOutcome } from '../drill/drill.ts';
import { lossWindowOf } from './judge.ts';
import { unaskedFailovers } from './losses.ts';

/** What a primary that was cut off acknowledged, and what was lost then, is no sign of recovery. */
function withoutLost(events: readonly HistoryEvent[]): readonly HistoryEvent[] {
  const lost = new Set(checkSet(events).lost);
  if (lost.size === 0) return events;
  return events.filter((event) => event.operation !== 'add' || !('value' in event) || !lost.has(event.value));
}

/** What ordinary clients may take longer than the engine itself, in milliseconds; shown, not judged. */
const harnessAddsTargetMs = 100;

/** From the engine's own first commit to that of an ordinary client, which may have been the earlier one. */
function addedMs({ writableMs, firstWriteMs }: RecoveryTimes): number | undefined {
  if (writableMs === undefined || firstWriteMs === undefined) return undefined;
  return Math.max(0, firstWriteMs - writableMs);
}

/** Figures of a run for its report. Of repeated faults the median (lower) and the maximum. */
export function measuresOf(
  events: readonly HistoryEvent[],
  outcome: DrillOutcome,
  { contract, schedule, workload }: Pick<FailoverCase, 'contract' | 'schedule' | 'workload'>,
  point: RecoveryPoint,
): Measures {
  const measures: Measures = { ...measuresOfFindings(outcome.findings) };
  const times = schedule.timed === undefined ? [] : recoveryTimesOf(withoutLost(events), schedule.timed);
  // A transfer, or a contract with clients of its own, asks for more than the bare write does.
  const isBareWrite = workload === 'set' && contract.set === undefined;
  const spreads = {
    detect: spreadOf(times.map(({ detectMs }) => detectMs)),
    promote: spreadOf(times.map(({ promoteMs }) => promoteMs)),
    clientOutage: spreadOf(times.map(({ clientOutageMs }) => clientOutageMs)),
    firstWrite: spreadOf(times.map(({ firstWriteMs }) => firstWriteMs)),
    engineWritable: spreadOf(times.map(({ writableMs }) => writableMs)),
    harnessAdds: isBareWrite ? spreadOf(times.map(addedMs)) : undefined,
  };
  for (const [name, spread] of Object.entries(spreads)) {
    if (spread === undefined) continue;
    measures[`${name}P50Ms`] = Math.round(spread.p50);
    measures[`${name}MaxMs`] = Math.round(spread.max);
    measures[`${name}Runs`] = spread.runs;
  }
  if (spreads.harnessAdds !== undefined) measures.harnessAddsTargetMs = harnessAddsTargetMs;
  const falseAlarms = events.filter(({ operation }) => operation === 'false-alarm').length;
  if (falseAlarms > 0) measures.falseAlarms = falseAlarms;
  const unasked = unaskedFailovers(events).length;
  if (unasked > 0) measures.unaskedFailovers = unasked;
  if (schedule.timed === 'kill' && contract.clientOutageTargetMs !== undefined)
    measures.clientOutageTargetMs = contract.clientOutageTargetMs;
  if (contract.sinceRefresh === true) measures.standbyAgeMs = Math.round(lossWindowOf(contract, events));
  measures.recoveryPointOperations = point.operations;
  measures.recoveryPointMs = Number.isFinite(point.ms) ? Math.round(point.ms) : 'nothing had happened';
  measures.members = outcome.members.join(', ') || 'read through an ordinary client';
  const givenUp = outcome.rejoined.flatMap((report) =>
    report.givenUp.map(({ id, position }) => `${report.node}: transaction ${id} at ${position}`),
  );
  if (outcome.rejoined.length > 0)
    measures.givenUp = givenUp.length === 0 ? 'nothing' : givenUp.slice(0, 20).join('; ');
  return measures;
}
