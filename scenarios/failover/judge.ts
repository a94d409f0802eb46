import assert from 'node:assert/strict';
import type { FailoverContract } from '../../sandbox/engines/failover.ts';
import { countOf, measuresOfFindings } from '../checkers/findings.ts';
import { operationsOf } from '../checkers/operations.ts';
import { checkSet } from '../checkers/set-checker.ts';
import type { HistoryEvent } from '../history.ts';
import {
  type RecoveryPoint,
  type RecoveryTimes,
  recoveryPointOf,
  recoveryTimesOf,
  spreadOf,
} from '../recovery-times.ts';
import type { Measures } from '../run-case.ts';
import type { FailoverCase } from './cases.ts';
import type { DrillOutcome } from './drill.ts';

/** Faults that losses are put down to. */
const losing: ReadonlySet<string> = new Set(['kill', 'pause', 'isolate', 'stop']);

/** Throws an `AssertionError` unless the outcome keeps the contract, and an `Error` where that was not shown. */
export function requireKept(
  { findings, members }: DrillOutcome,
  contract: Pick<FailoverContract, 'promise' | 'lossWindowMs'>,
  point: RecoveryPoint,
): void {
  const found = findings.anomalies
    .filter(({ kind }) => kind !== 'stale')
    .map(({ kind, count, examples }) => `${count} ${kind} (${examples.slice(0, 5).join('; ')})`)
    .join(', ');
  const said = `${contract.promise}; but of ${findings.ok} acknowledged writes: ${found}`;
  if (contract.lossWindowMs === 0) assert.notEqual(findings.verdict, 'fail', said);
  else {
    const unbounded = findings.anomalies.filter(({ kind }) => !['stale', 'lost', 'never-read'].includes(kind));
    assert.deepEqual(unbounded, [], said);
    assert.ok(
      point.ms <= contract.lossWindowMs,
      `${said}; they reach back ${Math.round(point.ms)} ms, and ${Math.round(contract.lossWindowMs)} ms are allowed`,
    );
  }
  const open = [...findings.undecided, ...(countOf(findings, 'never-read') > 0 ? ['some were never read'] : [])];
  const isOpen = findings.verdict === 'unknown' || (contract.lossWindowMs > 0 && open.length > 0);
  if (isOpen) throw new Error(`Not decided on ${members.join(', ') || 'the node'}: ${open.join('; ') || 'no reason'}.`);
}

/**
 * How far back losses may reach in this history. Of a standby that is rebuilt, to the beginning of its last refresh
 * before the last fault; where there was none, its primary alone was asked, and nothing may be lost.
 */
export function lossWindowOf(
  { lossWindowMs, sinceRefresh }: Pick<FailoverContract, 'lossWindowMs' | 'sinceRefresh'>,
  events: readonly HistoryEvent[],
): number {
  if (sinceRefresh !== true) return lossWindowMs;
  const fault = events.findLast(({ process, operation }) => process === 'nemesis' && losing.has(operation));
  const refreshed = events.findLast(
    ({ process, type, operation, index }) =>
      process === 'nemesis' && type === 'invoke' && operation === 'refresh' && index < (fault?.index ?? 0),
  );
  return fault === undefined || refreshed === undefined ? 0 : fault.timeMs - refreshed.timeMs;
}

/** A control whose losses nobody found shows that the suite would find none: it is broken. */
export function requireCaught({ findings }: DrillOutcome): void {
  const lost = countOf(findings, 'lost');
  assert.ok(
    findings.verdict === 'fail' && lost > 0,
    `the suite is broken: the positive control lost nothing that was found (${findings.verdict}, ${findings.ok} acknowledged)`,
  );
}

function isLosing({ process, type, operation }: HistoryEvent): boolean {
  return process === 'nemesis' && type === 'info' && losing.has(operation);
}

/**
 * Another node became the primary, and no fault had come before: on a machine that is busy, an engine takes a primary
 * for dead that is not. Its losses are put down to that moment.
 */
function unaskedFailovers(events: readonly HistoryEvent[]): readonly HistoryEvent[] {
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
  { contract, schedule }: Pick<FailoverCase, 'contract' | 'schedule'>,
  point: RecoveryPoint,
): Measures {
  const measures: Measures = { ...measuresOfFindings(outcome.findings) };
  const times = schedule.timed === undefined ? [] : recoveryTimesOf(withoutLost(events), schedule.timed);
  const spreads = {
    detect: spreadOf(times.map(({ detectMs }) => detectMs)),
    promote: spreadOf(times.map(({ promoteMs }) => promoteMs)),
    firstWrite: spreadOf(times.map(({ firstWriteMs }) => firstWriteMs)),
    engineWritable: spreadOf(times.map(({ writableMs }) => writableMs)),
    // A contract with clients of its own asks for more than the bare write does.
    harnessAdds: contract.set === undefined ? spreadOf(times.map(addedMs)) : undefined,
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
  if (schedule.timed === 'kill' && contract.firstWriteTargetMs !== undefined)
    measures.firstWriteTargetMs = contract.firstWriteTargetMs;
  if (contract.sinceRefresh === true) measures.standbyAgeMs = Math.round(lossWindowOf(contract, events));
  measures.recoveryPointOperations = point.operations;
  measures.recoveryPointMs = Math.round(point.ms);
  measures.members = outcome.members.join(', ') || 'read through an ordinary client';
  const givenUp = outcome.rejoined.flatMap((report) =>
    report.givenUp.map(({ id, position }) => `${report.node}: transaction ${id} at ${position}`),
  );
  if (outcome.rejoined.length > 0)
    measures.givenUp = givenUp.length === 0 ? 'nothing' : givenUp.slice(0, 20).join('; ');
  return measures;
}
