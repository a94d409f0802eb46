import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkHistory } from '../../../scenarios/check-history.ts';
import { type AnomalyKind, countOf } from '../../../scenarios/checkers/findings.ts';
import type { HistoryEvent } from '../../../scenarios/history.ts';
import { checkAppend } from '../../../scenarios/workloads/append/check.ts';
import { seed, seedText } from '../../support/seed.ts';
import { ended, listsRead, withLists } from '../support/inject.ts';
import { simulate, stamp, stepsOf } from '../support/simulate.ts';
import { createLists } from '../support/simulated-stores.ts';

const legal = stepsOf({ clients: 5, keys: 2, max: 300 }).map((steps) => simulate(steps, createLists(2)));

test(`what a linearizable store does passes (${seedText})`, () => {
  const property = fc.property(legal, (events) => {
    checkHistory(events);
    const findings = checkAppend(events);
    expect(findings.anomalies).toEqual([]);
    expect(findings.verdict).toBe(
      listsRead(events, 'a')
        .concat(listsRead(events, 'b'))
        .some(({ values }) => values.length > 0)
        ? 'pass'
        : 'unknown',
    );
  });
  fc.assert(property, { seed, numRuns: 500 });
});

/** Puts one violation into a legal history, or returns nothing where there is no place for it. */
type Injection = (events: readonly HistoryEvent[], pick: number) => readonly HistoryEvent[] | undefined;

const at = <Value>(values: readonly Value[], pick: number): Value | undefined => values[pick % values.length];

const injections: readonly { readonly name: string; readonly kind: AnomalyKind; readonly inject: Injection }[] = [
  {
    name: 'an acknowledged value that is gone from the last read',
    kind: 'lost',
    inject: (events, pick) => {
      const last = listsRead(events, 'a').at(-1);
      const value = at(last?.values ?? [], pick);
      const acknowledged = ended(events, 'append', 'ok').some((append) => append.key === 'a' && append.value === value);
      if (last === undefined || value === undefined || !acknowledged) return undefined;
      return withLists(events, (event) =>
        event.index === last.event.index ? last.values.filter((each) => each !== value) : undefined,
      );
    },
  },
  {
    name: 'a value that is there twice',
    kind: 'duplicated',
    inject: (events, pick) => {
      const read = at(
        listsRead(events, 'a').filter(({ values }) => values.length > 0),
        pick,
      );
      return (
        read && withLists(events, (event) => (event === read.event ? [...read.values, read.values[0] ?? 0] : undefined))
      );
    },
  },
  {
    name: 'a value that nobody appended',
    kind: 'unexpected',
    inject: (events, pick) => {
      const read = at(listsRead(events, 'a'), pick);
      return read && withLists(events, (event) => (event === read.event ? [...read.values, 10_000] : undefined));
    },
  },
  {
    name: 'a value that was refused',
    kind: 'unexpected',
    inject: (events) => {
      const refused = ended(events, 'append', 'fail').find(({ key }) => key === 'a');
      const last = listsRead(events, 'a').at(-1);
      return (
        refused &&
        last &&
        withLists(events, (event) => (event === last.event ? [...last.values, refused.value] : undefined))
      );
    },
  },
  {
    name: 'a value that is read before its append begins',
    kind: 'unexpected',
    inject: (events) => {
      for (const read of listsRead(events, 'a')) {
        const next = ended(events, 'append', 'ok').find(
          (append) => append.key === 'a' && append.index > read.event.index,
        );
        if (next !== undefined)
          return withLists(events, (event) => (event === read.event ? [...read.values, next.value] : undefined));
      }
      return undefined;
    },
  },
  {
    name: 'two values that one read has the other way round',
    kind: 'reordered',
    inject: (events, pick) => {
      const reads = listsRead(events, 'a');
      const read = at(
        reads.filter(({ values }) => values.length > 1),
        pick,
      );
      if (read === undefined || reads.length < 2) return undefined;
      const [first = 0, second = 0, ...rest] = read.values;
      const others = reads.some(({ event, values }) => event !== read.event && values.length > 1);
      return others
        ? withLists(events, (event) => (event === read.event ? [second, first, ...rest] : undefined))
        : undefined;
    },
  },
  {
    name: 'an order that all reads agree upon and real time contradicts',
    kind: 'reordered',
    inject: (events) => {
      const appends = new Map(ended(events, 'append', 'ok').map((append) => [`${append.key} ${append.value}`, append]));
      const last = listsRead(events, 'a').at(-1)?.values ?? [];
      const swap = last.findIndex((value, position) => {
        const [one, next] = [appends.get(`a ${value}`), appends.get(`a ${last[position + 1]}`)];
        return one !== undefined && next !== undefined && one.doneAt < next.index;
      });
      if (swap < 0) return undefined;
      const [one = 0, next = 0] = last.slice(swap, swap + 2);
      // Reads that have only the first of the two would be told from the others.
      if (listsRead(events, 'a').some(({ values }) => values.includes(one) && !values.includes(next))) return undefined;
      return withLists(events, ({ key, value }) =>
        key === 'a' && value.includes(one) ? value.with(swap, next).with(swap + 1, one) : undefined,
      );
    },
  },
  {
    name: 'a read that lacks what was acknowledged before it, and is there again later',
    kind: 'stale',
    inject: (events) => {
      const appends = new Map(ended(events, 'append', 'ok').map((append) => [`${append.key} ${append.value}`, append]));
      for (const read of listsRead(events, 'a').slice(0, -1)) {
        const newest = appends.get(`a ${read.values.at(-1)}`);
        if (newest === undefined || newest.doneAt > read.begunAt) continue;
        return withLists(events, (event) => (event === read.event ? read.values.slice(0, -1) : undefined));
      }
      return undefined;
    },
  },
];

describe(`a violation in an otherwise legal history is found (${seedText})`, () => {
  for (const { name, kind, inject } of injections) {
    test(`${kind}: ${name}`, () => {
      let injected = 0;
      const property = fc.property(legal, fc.nat({ max: 1_000 }), (events, pick) => {
        const broken = inject(events, pick);
        if (broken === undefined) return;
        injected += 1;
        const findings = checkAppend(broken);
        expect(findings.verdict).toBe('fail');
        expect(countOf(findings, kind), JSON.stringify(findings.anomalies)).toBeGreaterThan(0);
      });
      fc.assert(property, { seed, numRuns: 300 });
      expect(injected).toBeGreaterThan(50);
    });
  }
});

test('stale reads are counted but do not fail a history where they are allowed', () => {
  const events = stamp([
    { process: 0, type: 'invoke', operation: 'append', key: 'a', value: 1 },
    { process: 0, type: 'ok', operation: 'append', key: 'a', value: 1 },
    { process: 1, type: 'invoke', operation: 'read-list', key: 'a' },
    { process: 1, type: 'ok', operation: 'read-list', key: 'a', value: [] },
    { process: 1, type: 'invoke', operation: 'read-list', key: 'a' },
    { process: 1, type: 'ok', operation: 'read-list', key: 'a', value: [1] },
  ]);
  expect(checkAppend(events)).toMatchObject({ verdict: 'fail', staleMaxMs: 1 });
  const allowed = checkAppend(events, { allowStale: true });
  expect(allowed).toMatchObject({ verdict: 'pass', staleMaxMs: 1, anomalies: [{ kind: 'stale', count: 1 }] });
});

test('a value that was appended twice, and a list that was never read, leave the question open', () => {
  const append = (process: number, value: number) =>
    (['invoke', 'info'] as const).map((type) => ({ process, type, operation: 'append', key: 'a', value }) as const);
  expect(checkAppend(stamp([...append(0, 1), ...append(1, 1)]))).toMatchObject({
    verdict: 'unknown',
    undecided: [expect.stringContaining('1 was appended twice')],
  });
  expect(checkAppend([]).verdict).toBe('unknown');
});

describe('beside a value that was appended twice', () => {
  const append = (process: number, value: number, outcome: 'ok' | 'info') =>
    (['invoke', outcome] as const).map((type) => ({ process, type, operation: 'append', key: 'a', value }) as const);
  const readOf = (...value: readonly number[]) =>
    [
      { process: -1, type: 'invoke', operation: 'read-list', key: 'a' },
      { process: -1, type: 'ok', operation: 'read-list', key: 'a', value },
    ] as const;
  const twice = [...append(0, 1, 'ok'), ...append(0, 1, 'ok')];

  test('another value that is lost, out of order or there twice is found', () => {
    const lost = stamp([...twice, ...append(0, 2, 'ok'), ...append(0, 3, 'ok'), ...readOf(1, 1, 3)]);
    expect(checkAppend(lost).anomalies).toContainEqual({ kind: 'lost', count: 1, examples: ['a: 2'] });
    const reordered = stamp([...twice, ...append(0, 2, 'ok'), ...append(0, 3, 'ok'), ...readOf(3, 1, 1, 2)]);
    expect(countOf(checkAppend(reordered), 'reordered')).toBe(1);
    const duplicated = stamp([...append(0, 2, 'ok'), ...twice, ...readOf(2, 1, 1, 2)]);
    expect(countOf(checkAppend(duplicated), 'duplicated')).toBe(1);
  });

  test('it is lost itself where fewer of it are there than were acknowledged', () => {
    expect(checkAppend(stamp([...twice, ...readOf(1)]))).toMatchObject({
      verdict: 'fail',
      anomalies: [{ kind: 'lost', examples: ['a: 1'] }],
    });
    const open = stamp([...append(0, 1, 'ok'), ...append(1, 1, 'info'), ...readOf(1)]);
    expect(checkAppend(open)).toMatchObject({ verdict: 'unknown', anomalies: [] });
  });

  test('it is too often there where more of it are there than were appended', () => {
    expect(countOf(checkAppend(stamp([...twice, ...readOf(1, 1, 1)])), 'duplicated')).toBe(1);
    expect(countOf(checkAppend(stamp([...readOf(1), ...twice, ...readOf(1, 1)])), 'unexpected')).toBe(1);
  });
});
