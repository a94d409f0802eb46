import { AssertionError } from 'node:assert';
import { expect, test } from 'vitest';
import { checkHistory } from '../../scenarios/check-history.ts';
import { countOf } from '../../scenarios/checkers/findings.ts';
import { recoveryPointOfAll, requireCaught, requireKept } from '../../scenarios/failover/judge.ts';
import { killPrimary, positiveControl, type Schedule } from '../../scenarios/failover/schedules.ts';
import { pauseFor } from '../../scenarios/failover/steps.ts';
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

test('a write without an answer is unknown, never failed, and its process does nothing more', async () => {
  const { outcome, history } = await drillInMemory(createMemoryStore({ waits: true }), killPrimary);
  expect(outcome.findings).toMatchObject({ failed: 0 });
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

test('the same seed gives the same times of faults', async () => {
  const pausesOf = async (seed: number) => {
    const pauses: number[] = [];
    const run: Schedule['run'] = async (drill) => {
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
