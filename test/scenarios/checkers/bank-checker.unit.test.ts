import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countOf } from '../../../scenarios/checkers/findings.ts';
import { operationsOf, outcomeOf } from '../../../scenarios/checkers/operations.ts';
import { someOfThem } from '../../../scenarios/checkers/some-of-them.ts';
import type { HistoryEntry, HistoryEvent } from '../../../scenarios/history.ts';
import { checkBank } from '../../../scenarios/workloads/bank/check.ts';
import { seed, seedText } from '../../support/seed.ts';
import { simulate, stamp, stepsOf } from '../support/simulate.ts';
import { accounts, createBank } from '../support/simulated-stores.ts';

const transfer = (process: number, amount: number, outcome: 'ok' | 'fail' | 'info'): readonly HistoryEntry[] =>
  (['invoke', outcome] as const).map((type) => ({ process, type, operation: 'transfer', from: 'x', to: 'y', amount }));
const read = (x: number, y: number, z = 10): readonly HistoryEntry[] => [
  { process: -1, type: 'invoke', operation: 'read-balances' },
  { process: -1, type: 'ok', operation: 'read-balances', value: { x, y, z } },
];
const check = (...entries: readonly HistoryEntry[]) => checkBank(stamp(entries), { initial: accounts });

describe('a bank', () => {
  test('that keeps its total and every acknowledged transfer passes', () => {
    expect(check(...transfer(0, 3, 'ok'), ...transfer(1, 2, 'fail'), ...read(7, 13))).toMatchObject({
      verdict: 'pass',
      attempted: 2,
      ok: 1,
      fail: 1,
      info: 0,
    });
  });

  test('may have done a transfer without an answer, or not', () => {
    expect(check(...transfer(0, 3, 'info'), ...read(7, 13)).verdict).toBe('pass');
    expect(check(...transfer(0, 3, 'info'), ...read(10, 10)).verdict).toBe('pass');
    expect(check(...transfer(0, 3, 'info'), ...read(8, 12)).verdict).toBe('fail');
  });

  test('that forgets an acknowledged transfer fails, and the transfer is named', () => {
    const findings = check(...transfer(0, 3, 'ok'), ...transfer(0, 2, 'ok'), ...read(8, 12));
    expect(findings).toMatchObject({ verdict: 'fail', anomalies: [{ kind: 'lost', count: 1 }] });
    expect(findings.anomalies[0]?.examples[0]).toContain('as if the transfer at event 0 (3 from x to y) had not');
  });

  test('that did what it refused fails', () => {
    expect(check(...transfer(0, 3, 'fail'), ...read(7, 13)).verdict).toBe('fail');
  });

  test('whose balances do not come to the total at any time fails', () => {
    const findings = check(...read(11, 10), ...read(10, 10));
    expect(countOf(findings, 'wrong-total')).toBe(1);
    expect(findings.verdict).toBe('fail');
  });

  test('with a balance below zero fails, unless that is allowed', () => {
    const events = stamp([...transfer(0, 12, 'ok'), ...read(-2, 22)]);
    expect(checkBank(events, { initial: accounts })).toMatchObject({ verdict: 'fail' });
    expect(checkBank(events, { initial: accounts, forbidNegative: false })).toMatchObject({ verdict: 'pass' });
  });

  test('of which nothing was read, or nothing since a transfer, leaves the question open', () => {
    expect(check(...transfer(0, 3, 'ok')).verdict).toBe('unknown');
    expect(check(...read(10, 10), ...transfer(0, 3, 'ok')).verdict).toBe('unknown');
  });

  test('with an account missing or too many fails', () => {
    const events = stamp(read(10, 20));
    expect(checkBank(events, { initial: { x: 10, y: 20 } }).anomalies.map(({ kind }) => kind)).toContain('unexpected');
    expect(checkBank(events, { initial: { ...accounts, w: 10 } }).anomalies.map(({ kind }) => kind)).toContain('lost');
  });
});

test('a search that would take too long ends as unknown', () => {
  // Even amounts never come to an odd difference, but no bound shows it.
  const moves = Array.from({ length: 40 }, () => ({ from: 'x', to: 'y', amount: 2 }));
  const residual = new Map(Object.entries({ x: -21, y: 21 }));
  expect(someOfThem(moves.slice(0, 20), residual)).toBe('no');
  expect(someOfThem(moves, residual)).toBe('unknown');
  expect(someOfThem(moves, new Map(Object.entries({ x: -81, y: 81 })))).toBe('no');
});

/** Every subset of what is open at the last read, and every rule as it is stated. */
function isExplained(events: readonly HistoryEvent[]): boolean {
  const operations = operationsOf(events);
  const reads = operations.flatMap(({ invoke, completion }) =>
    completion?.operation === 'read-balances' && completion.type === 'ok'
      ? [{ from: invoke.index, to: completion.index, value: completion.value ?? {} }]
      : [],
  );
  const sound = reads.every(({ value }) => {
    const balances = Object.values(value);
    return balances.reduce((sum, each) => sum + each, 0) === 30 && balances.every((balance) => balance >= 0);
  });
  const last = reads.toSorted((left, right) => left.from - right.from).at(-1);
  if (!sound || last === undefined) return sound;
  const moves = operations.flatMap((operation) => {
    const { invoke, completion } = operation;
    if (invoke.operation !== 'transfer' || outcomeOf(operation) === 'fail' || invoke.index > last.to) return [];
    return [{ ...invoke, must: outcomeOf(operation) === 'ok' && (completion?.index ?? 0) < last.from }];
  });
  for (let subset = 0; subset < 2 ** moves.length; subset += 1) {
    const balances: Record<string, number> = { ...accounts };
    let allowed = true;
    for (const [position, { from, to, amount, must }] of moves.entries()) {
      const done = (subset & (1 << position)) !== 0;
      allowed &&= done || !must;
      balances[from] = (balances[from] ?? 0) - (done ? amount : 0);
      balances[to] = (balances[to] ?? 0) + (done ? amount : 0);
    }
    if (allowed && Object.keys(accounts).every((name) => balances[name] === last.value[name])) return true;
  }
  return false;
}

test(`the bank checker and one that tries every subset agree on random small histories (${seedText})`, () => {
  const seen = { legal: 0, illegal: 0 };
  const property = fc.property(stepsOf({ clients: 4, keys: 3, max: 40 }), fc.boolean(), (steps, readAtEnd) => {
    const events = simulate(steps, createBank(), { corruptPercent: 20, operationsMax: 10, readAtEnd });
    const explained = isExplained(events);
    seen[explained ? 'legal' : 'illegal'] += 1;
    expect(checkBank(events, { initial: accounts }).verdict === 'fail').toBe(!explained);
  });
  fc.assert(property, { seed, numRuns: 5_000 });
  expect(seen.legal).toBeGreaterThan(500);
  expect(seen.illegal).toBeGreaterThan(500);
});
