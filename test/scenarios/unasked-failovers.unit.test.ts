import { AssertionError } from 'node:assert';
import { describe, expect, test } from 'vitest';
import { measuresOf } from '../../scenarios/failover/judge/case-figures.ts';
import { requireKept } from '../../scenarios/failover/judge/judge.ts';
import { recoveryPointOfAll, unaskedFailovers } from '../../scenarios/failover/judge/losses.ts';
import { killFollower } from '../../scenarios/failover/schedules/restart-schedules.ts';
import type { HistoryEntry, HistoryEvent } from '../../scenarios/history.ts';
import { checkSet, findingsOfSet } from '../../scenarios/workloads/set/check.ts';

type Timed = readonly [timeMs: number, entry: HistoryEntry];

const contract = { topology: 'replicated', name: 'min-replicas', promise: 'bounded' } as const;
const bounded = { ...contract, lossWindowMs: 3_500 };
const nothingLost = { ...contract, promise: 'nothing is lost', lossWindowMs: 0 };

const history = (...timed: readonly Timed[]): readonly HistoryEvent[] =>
  timed.toSorted(([left], [right]) => left - right).map(([timeMs, entry], index) => ({ index, timeMs, ...entry }));
const role = (timeMs: number, node: string, name: string): Timed => [
  timeMs,
  { process: 'observer', type: 'info', operation: 'role', node, role: name },
];
const nemesis = (timeMs: number, operation: string, node: string): Timed => [
  timeMs,
  { process: 'nemesis', type: 'info', operation, node },
];
/** Acknowledged at this moment; the moment is its value. */
const acknowledged = (timeMs: number): readonly Timed[] => [
  [timeMs - 2, { process: timeMs, type: 'invoke', operation: 'add', value: timeMs }],
  [timeMs, { process: timeMs, type: 'ok', operation: 'add', value: timeMs }],
];
const read = (timeMs: number, value: readonly number[]): readonly Timed[] => [
  [timeMs, { process: -timeMs, type: 'invoke', operation: 'read', node: 'b' }],
  [timeMs + 1, { process: -timeMs, type: 'ok', operation: 'read', value: [...value], node: 'b' }],
];

/** `a` is the primary from the beginning, and at 30 s `b` is, though nothing was broken. */
const unasked: readonly Timed[] = [
  role(10, 'a', 'primary'),
  role(12, 'b', 'replica'),
  role(29_000, 'a', 'down'),
  role(30_000, 'b', 'primary'),
  role(31_000, 'a', 'replica'),
];

/** A minute of writes that stay, those that are lost, and what is read of `b` at the end. */
function run(timeline: readonly Timed[], lost: readonly number[] = []): readonly HistoryEvent[] {
  const kept = Array.from({ length: 60 }, (_, second) => second * 1_000 + 500);
  return history(...timeline, ...[...kept, ...lost].flatMap(acknowledged), ...read(70_000, kept));
}

function judge(events: readonly HistoryEvent[], promised: { promise: string; lossWindowMs: number }) {
  const outcome = { findings: findingsOfSet(checkSet(events)), members: ['b'], rejoined: [] };
  try {
    requireKept(outcome, promised, recoveryPointOfAll(events));
    return 'pass';
  } catch (thrown) {
    return thrown instanceof AssertionError ? 'fail' : 'unknown';
  }
}

describe('a failover that no fault had asked for', () => {
  test.each([
    { what: 'that lost nothing keeps every contract', lost: [], withinBound: 'pass', zero: 'pass' },
    { what: 'that lost writes within the bound', lost: [28_600, 29_900], withinBound: 'pass', zero: 'fail' },
    { what: 'that lost writes beyond the bound', lost: [26_400, 29_900], withinBound: 'fail', zero: 'fail' },
    { what: 'that lost one write long before it', lost: [20_000], withinBound: 'fail', zero: 'fail' },
    { what: 'that lost one write long after it', lost: [50_000], withinBound: 'fail', zero: 'fail' },
  ])('$what', ({ lost, withinBound, zero }) => {
    const events = run(unasked, lost);
    expect(unaskedFailovers(events).map(({ timeMs }) => timeMs)).toEqual([30_000]);
    expect([judge(events, bounded), judge(events, nothingLost)]).toEqual([withinBound, zero]);
  });

  test('leaves open what nobody read, and a loss under a contract of zero is a failure all the same', () => {
    const unread = acknowledged(80_000);
    expect(judge(history(...run(unasked).map(timed), ...unread), bounded)).toBe('unknown');
    expect(judge(history(...run(unasked).map(timed), ...unread), nothingLost)).toBe('unknown');
    expect(judge(history(...run(unasked, [29_900]).map(timed), ...unread), nothingLost)).toBe('fail');
  });

  test('is told in the report, with how far its losses reach', () => {
    const events = run(unasked, [28_600]);
    const outcome = { findings: findingsOfSet(checkSet(events)), members: ['b'], rejoined: [] };
    const point = recoveryPointOfAll(events);
    expect(
      measuresOf(events, outcome, { contract: bounded, schedule: killFollower, workload: 'set' }, point),
    ).toMatchObject({
      unaskedFailovers: 1,
      lost: 1,
      recoveryPointOperations: 1,
      recoveryPointMs: 1_400,
    });
  });

  test('after one that a fault had asked for is another one, with losses of its own', () => {
    const killed = [
      role(10, 'a', 'primary'),
      nemesis(10_000, 'kill', 'a'),
      role(10_050, 'a', 'down'),
      role(12_000, 'b', 'primary'),
      nemesis(15_000, 'heal', 'a'),
    ];
    // Asked for: counted as no other, and what was lost long after it is not its doing.
    expect(unaskedFailovers(run(killed))).toEqual([]);
    expect(judge(run(killed, [9_000]), bounded)).toBe('pass');
    expect(judge(run(killed, [39_000]), bounded)).toBe('fail');
    const again = [...killed, role(15_100, 'a', 'replica'), role(40_000, 'a', 'primary')];
    expect(unaskedFailovers(run(again)).map(({ timeMs }) => timeMs)).toEqual([40_000]);
    expect(judge(run(again, [9_000, 39_000]), bounded)).toBe('pass');
    expect(judge(run(again, [9_000, 36_000]), bounded)).toBe('fail');
    expect(judge(run(again, [9_000, 39_000]), nothingLost)).toBe('fail');
  });

  test('is not what an old primary says that was away, or one that nobody heard for a while', () => {
    // Followers were cut off from it: what they choose then was provoked.
    expect(unaskedFailovers(run([...unasked, nemesis(25_000, 'loss', 'b')]))).toEqual([]);
    const returned = [role(10, 'a', 'primary'), role(20_000, 'a', 'down'), role(21_000, 'a', 'primary')];
    expect(unaskedFailovers(run(returned))).toEqual([]);
  });
});

test('writes that are lost though nothing happened are a failure, however wide the bound', () => {
  const quiet = run([role(10, 'a', 'primary'), role(12, 'b', 'replica')], [30_000]);
  expect(judge(quiet, bounded)).toBe('fail');
  expect(judge(quiet, { ...bounded, lossWindowMs: 1e9 })).toBe('fail');
  expect(judge(quiet, nothingLost)).toBe('fail');
});

function timed({ index: _, timeMs, ...entry }: HistoryEvent): Timed {
  return [timeMs, entry as HistoryEntry];
}
