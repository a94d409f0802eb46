import { AssertionError } from 'node:assert';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { checkHistory } from '../../scenarios/check-history.ts';
import { countOf } from '../../scenarios/checkers/findings.ts';
import { pauseFor } from '../../scenarios/failover/drill/steps.ts';
import { measuresOf } from '../../scenarios/failover/judge/case-figures.ts';
import { lossWindowOf, requireCaught, requireKept } from '../../scenarios/failover/judge/judge.ts';
import { recoveryPointOfAll } from '../../scenarios/failover/judge/losses.ts';
import { positiveControl } from '../../scenarios/failover/judge/positive-control.ts';
import { killPrimary } from '../../scenarios/failover/schedules/primary-schedules.ts';
import type { FaultSchedule } from '../../scenarios/failover/schedules/schedule.ts';
import { recoveryTimesOf } from '../../scenarios/recovery-times.ts';
import { createMemoryStore, drillInMemory } from './support/memory-store.ts';

const nothingLost = { promise: 'nothing is lost', lossWindowMs: 0 };

test('a store that keeps what it acknowledged passes, and each member was read', async () => {
  const { outcome, history } = await drillInMemory(createMemoryStore({ waits: true }), killPrimary);
  checkHistory(history.events);
  expect(outcome).toMatchObject({ members: ['a', 'b'], findings: { verdict: 'pass' }, rejoined: [{ node: 'a' }] });
  expect(() => requireKept(outcome, nothingLost, recoveryPointOfAll(history.events))).not.toThrow();
  const [times] = recoveryTimesOf(history.events);
  expect(times).toMatchObject({ node: 'a', detectMs: expect.any(Number), firstWriteMs: expect.any(Number) });
});

test('a write without an answer is info, never fail, and its process does nothing more', async () => {
  const { outcome, history } = await drillInMemory(createMemoryStore({ waits: true }), killPrimary);
  expect(outcome.findings).toMatchObject({ fail: 0 });
  const open = history.events.filter(({ operation, type }) => operation === 'add' && type === 'info');
  for (const event of open) {
    expect(history.events.filter(({ process, index }) => process === event.process && index > event.index)).toEqual([]);
  }
});

test('a weakened store loses writes, which are found, counted and within reach of the fault', async () => {
  const { outcome, history } = await drillInMemory(createMemoryStore({ waits: true }), positiveControl);
  expect(outcome.findings.verdict).toBe('fail');
  expect(() => requireCaught(outcome)).not.toThrow();
  const point = recoveryPointOfAll(history.events);
  expect(point.operations).toBe(countOf(outcome.findings, 'lost'));
  expect(() => requireKept(outcome, nothingLost, point)).toThrow(AssertionError);
  expect(() => requireKept(outcome, { ...nothingLost, lossWindowMs: point.ms + 1 }, point)).not.toThrow();
  expect(() => requireKept(outcome, { ...nothingLost, lossWindowMs: point.ms / 2 }, point)).toThrow(/reach back/);
});

test('a control that loses nothing is reported as a broken suite', async () => {
  const { outcome } = await drillInMemory(createMemoryStore({ waits: true }), killPrimary);
  expect(() => requireCaught(outcome)).toThrow(/the suite is broken/);
});

test('the detector is at work before the fault, and what it notices then is reported as a false alarm', async () => {
  const store = createMemoryStore({ waits: true });
  let looks = 0;
  const detect = async (_: string, signal: AbortSignal) => {
    looks += 1;
    // The first alarm comes at once, when nothing is broken yet.
    while (looks > 1 && !signal.aborted && (await store.subject.roleOf?.('a'))?.role !== 'down') await delay(1);
  };
  const subject = { ...store.subject, detect };
  const { outcome, history } = await drillInMemory({ ...store, subject }, killPrimary);
  const order = history.events.flatMap(({ operation, type }) =>
    type === 'info' && ['false-alarm', 'kill', 'detect', 'promote'].includes(operation) ? [operation] : [],
  );
  expect(order).toEqual(['false-alarm', 'kill', 'detect', 'promote']);
  const contract = { ...nothingLost, topology: 'replicated', name: '' } as const;
  const each = { contract, schedule: killPrimary, workload: 'set' } as const;
  expect(measuresOf(history.events, outcome, each, recoveryPointOfAll(history.events))).toMatchObject({
    falseAlarms: 1,
    harnessAddsRuns: 1,
    harnessAddsTargetMs: 100,
  });
  // A transfer is not the write that the engine was asked for beside it.
  const ofBank = { ...each, workload: 'bank' } as const;
  expect(measuresOf(history.events, outcome, ofBank, recoveryPointOfAll(history.events))).not.toHaveProperty(
    'harnessAddsRuns',
  );
});

test('what ordinary clients take longer than the engine itself is told beside what the engine takes', async () => {
  const { history } = await drillInMemory(createMemoryStore({ waits: true }), killPrimary);
  const [times] = recoveryTimesOf(history.events);
  expect(times).toMatchObject({ writableMs: expect.any(Number), firstWriteMs: expect.any(Number) });
  expect(history.events.filter(({ operation }) => operation === 'writable')).toMatchObject([{ node: 'b' }]);
});

test('a standby that is rebuilt keeps what came before its last refresh, and only that is promised', async () => {
  const store = createMemoryStore({ waits: false, follows: false });
  const { outcome, history } = await drillInMemory(store, killPrimary);
  const contract = { ...nothingLost, lossWindowMs: Number.POSITIVE_INFINITY, sinceRefresh: true };
  const windowMs = lossWindowOf(contract, history.events);
  const point = recoveryPointOfAll(history.events);
  expect(point.operations).toBeGreaterThan(0);
  expect(point.ms).toBeLessThanOrEqual(windowMs);
  expect(() => requireKept(outcome, { ...contract, lossWindowMs: windowMs }, point)).not.toThrow();
  // As a control, where nothing may be lost, it is caught; and so is one that lost what came before.
  expect(() => requireCaught(outcome)).not.toThrow();
  expect(() => requireKept(outcome, { ...contract, lossWindowMs: point.ms / 2 }, point)).toThrow(/reach back/);
});

test('without a refresh before the fault nothing may be lost', () => {
  expect(lossWindowOf({ lossWindowMs: Number.POSITIVE_INFINITY, sinceRefresh: true }, [])).toBe(0);
  expect(lossWindowOf({ lossWindowMs: 7 }, [])).toBe(7);
});

test('the same seed gives the same times of faults', async () => {
  const pausesOf = async (seed: number) => {
    const pauses: number[] = [];
    const run: FaultSchedule['run'] = async (drill) => {
      await drill.clients.acknowledged(1);
      while (pauses.length < 8) pauses.push(await pauseFor(drill, 0, 25));
      await drill.clients.acknowledged(1);
    };
    await drillInMemory(createMemoryStore({ waits: true }), { name: 'pauses', title: '', run }, { seed });
    return pauses;
  };
  const [first, again, another] = await Promise.all([pausesOf(3), pausesOf(3), pausesOf(4)]);
  expect(again).toEqual(first);
  expect(another).not.toEqual(first);
});
