import assert from 'node:assert/strict';
import type { FailoverContract } from '../../../sandbox/engines/contract/failover.ts';
import { countOf } from '../../checkers/findings.ts';
import { effectMsOf, type HistoryEvent } from '../../history.ts';
import type { RecoveryPoint } from '../../recovery-times.ts';
import type { DrillOutcome } from '../drill/drill.ts';
import { losesWrites } from './losses.ts';

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
  const lost = countOf(findings, 'lost') > 0 ? '' : 'none lost, and ';
  const said = `${contract.promise}; but of ${findings.ok} acknowledged writes: ${lost}${found}`;
  if (contract.lossWindowMs === 0) assert.notEqual(findings.verdict, 'fail', said);
  else {
    const unbounded = findings.anomalies.filter(
      ({ kind }) => !['stale', 'lost', 'diverged', 'never-read'].includes(kind),
    );
    assert.deepEqual(unbounded, [], said);
    assert.ok(
      point.ms <= contract.lossWindowMs,
      `${said}; ${reachOf(point)}, and ${Math.round(contract.lossWindowMs)} ms are allowed`,
    );
  }
  const open = [...findings.undecided, ...(countOf(findings, 'never-read') > 0 ? ['some were never read'] : [])];
  const isOpen = findings.verdict === 'unknown' || (contract.lossWindowMs > 0 && open.length > 0);
  if (isOpen) throw new Error(`Not decided on ${members.join(', ') || 'the node'}: ${open.join('; ') || 'no reason'}.`);
}

function reachOf({ ms }: RecoveryPoint): string {
  return Number.isFinite(ms)
    ? `they reach back ${Math.round(ms)} ms`
    : 'nothing had happened that would have cost them';
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
  const fault = events.findLast(({ process, operation }) => process === 'nemesis' && losesWrites(operation));
  const refreshed = events.findLast(
    ({ process, type, operation, index }) =>
      process === 'nemesis' && type === 'invoke' && operation === 'refresh' && index < (fault?.index ?? 0),
  );
  return fault === undefined || refreshed === undefined ? 0 : effectMsOf(fault) - refreshed.timeMs;
}

/** A control whose losses nobody found shows that the suite would find none: it is broken. */
export function requireCaught({ findings }: DrillOutcome): void {
  const lost = countOf(findings, 'lost');
  assert.ok(
    findings.verdict === 'fail' && lost > 0,
    `the suite is broken: the positive control lost nothing that was found (${findings.verdict}, ${findings.ok} acknowledged)`,
  );
}
