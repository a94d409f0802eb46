import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkHistory } from '../../../scenarios/check-history.ts';
import type { Findings } from '../../../scenarios/checkers/findings.ts';
import type { HistoryEvent } from '../../../scenarios/history.ts';
import { checkAppend } from '../../../scenarios/workloads/append/check.ts';
import { checkRegister } from '../../../scenarios/workloads/register/check.ts';
import { seed, seedText } from '../../support/seed.ts';
import { isLinearizable, lists, registers } from '../support/brute-force.ts';
import { simulate, stepsOf } from '../support/simulate.ts';
import { createLists, createRegisters } from '../support/simulated-stores.ts';

/** Random small histories, right and wrong ones, on which a checker has to say exactly what trying every order says. */
function expectAgreement(
  history: (steps: Parameters<typeof simulate>[0]) => readonly HistoryEvent[],
  check: (events: readonly HistoryEvent[]) => Findings,
  isLegal: (events: readonly HistoryEvent[]) => boolean,
  { keys, runs }: { readonly keys: number; readonly runs: number },
): void {
  const seen = { legal: 0, illegal: 0 };
  const property = fc.property(stepsOf({ clients: 4, keys, max: 30 }), (steps) => {
    const events = history(steps);
    checkHistory(events);
    const legal = isLegal(events);
    const findings = check(events);
    seen[legal ? 'legal' : 'illegal'] += 1;
    expect(findings.verdict === 'fail', JSON.stringify({ legal, findings })).toBe(!legal);
  });
  fc.assert(property, { seed, numRuns: runs });
  // Both kinds, or the agreement says little.
  expect(seen.legal).toBeGreaterThan(runs / 10);
  expect(seen.illegal).toBeGreaterThan(runs / 10);
}

/** Three values, over and over. */
const repeating = (events: readonly HistoryEvent[]): readonly HistoryEvent[] =>
  events.map((event) => {
    if (event.process === 'nemesis' || event.process === 'observer') return event;
    if (event.operation === 'read-list') return event.value ? { ...event, value: event.value.map(few) } : event;
    if (event.operation === 'append' || event.operation === 'write') return { ...event, value: few(event.value) };
    if (event.operation === 'cas') return { ...event, from: fewOrNull(event.from), to: few(event.to) };
    if (event.operation === 'read-register' && event.value !== undefined)
      return { ...event, value: fewOrNull(event.value) };
    return event;
  });
const few = (value: number) => 1 + (value % 3);
const fewOrNull = (value: number | null) => (value === null ? null : few(value));

describe(`where values repeat, a fast checker says nothing against a history that some order explains (${seedText})`, () => {
  const options = { corruptPercent: 25, operationsMax: 8 };
  const expectSound = (
    createStore: () => Parameters<typeof simulate>[1],
    check: (events: readonly HistoryEvent[]) => Findings,
    isLegal: (events: readonly HistoryEvent[]) => boolean,
  ) => {
    const seen = { found: 0, legal: 0 };
    const property = fc.property(stepsOf({ clients: 4, keys: 1, max: 30 }), (steps) => {
      const events = repeating(simulate(steps, createStore(), options));
      const legal = isLegal(events);
      const findings = check(events);
      if (legal) seen.legal += 1;
      if (findings.verdict === 'fail') seen.found += 1;
      expect(legal && findings.verdict === 'fail', JSON.stringify({ events, findings })).toBe(false);
    });
    fc.assert(property, { seed, numRuns: 3_000 });
    expect(Math.min(seen.found, seen.legal)).toBeGreaterThan(100);
  };

  test('registers', () => {
    expectSound(
      () => createRegisters(1),
      checkRegister,
      (events) => isLinearizable(events, registers),
    );
  });
  test('lists', () => {
    expectSound(
      () => createLists(1),
      checkAppend,
      (events) => isLinearizable(events, lists),
    );
  });
});

describe(`the fast checkers and one that tries every order agree on random small histories (${seedText})`, () => {
  for (const keys of [1, 2]) {
    for (const readAtEnd of [false, true]) {
      const options = { corruptPercent: 25, operationsMax: 8, readAtEnd };
      const title = `${keys} ${keys === 1 ? 'key' : 'keys'}, ${readAtEnd ? 'read at the end' : 'ended anywhere'}`;
      test(`registers: ${title}`, () => {
        expectAgreement(
          (steps) => simulate(steps, createRegisters(keys), options),
          checkRegister,
          (events) => isLinearizable(events, registers),
          { keys, runs: 5_000 },
        );
      });
      test(`lists: ${title}`, () => {
        expectAgreement(
          (steps) => simulate(steps, createLists(keys), options),
          checkAppend,
          (events) => isLinearizable(events, lists),
          { keys, runs: 5_000 },
        );
      });
    }
  }
});
