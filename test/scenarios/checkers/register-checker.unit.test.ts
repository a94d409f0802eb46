import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkHistory } from '../../../scenarios/check-history.ts';
import { type AnomalyKind, countOf } from '../../../scenarios/checkers/findings.ts';
import type { HistoryEvent } from '../../../scenarios/history.ts';
import type { Operation } from '../../../scenarios/workloads/operations.ts';
import { checkRegister } from '../../../scenarios/workloads/register/check.ts';
import { seed, seedText } from '../../support/seed.ts';
import { ended, withOperation } from '../support/inject.ts';
import { simulate, stamp, stepsOf } from '../support/simulate.ts';
import { createRegisters } from '../support/simulated-stores.ts';

const legal = stepsOf({ clients: 5, keys: 2, max: 300 }).map((steps) => simulate(steps, createRegisters(2)));

test(`what a linearizable store does passes (${seedText})`, () => {
  const property = fc.property(legal, (events) => {
    checkHistory(events);
    expect(checkRegister(events)).toMatchObject({ verdict: 'pass', anomalies: [] });
  });
  fc.assert(property, { seed, numRuns: 500 });
});

const read = (value: number): Operation => ({ operation: 'read-register', key: 'a', value });

/** A write that another one certainly replaced, where nothing is open, and the last read of the key begins. */
function replaced(events: readonly HistoryEvent[]) {
  const writes = ended(events, 'write', 'ok').filter(({ key }) => key === 'a');
  const last = ended(events, 'read-register', 'ok').findLast(({ key }) => key === 'a');
  const old = writes.find((write) => writes.some((other) => write.doneAt < other.index));
  return old && last && { value: old.value, lastReadAt: last.index, end: events.length };
}

/** Puts one violation into a legal history, or returns nothing where there is no place for it. */
const injections: readonly {
  readonly name: string;
  readonly kind: AnomalyKind;
  readonly inject: (events: readonly HistoryEvent[]) => readonly HistoryEvent[] | undefined;
}[] = [
  {
    name: 'a value that nobody wrote',
    kind: 'unexpected',
    inject: (events) => withOperation(events, events.length, read(10_000)),
  },
  {
    name: 'a value that was refused',
    kind: 'unexpected',
    inject: (events) => {
      const refused = ended(events, 'write', 'fail').find(({ key }) => key === 'a');
      return refused && withOperation(events, events.length, read(refused.value));
    },
  },
  {
    name: 'a value that is read before its write begins',
    kind: 'unexpected',
    inject: (events) => {
      const write = ended(events, 'write', 'ok').find(({ key }) => key === 'a');
      return write && withOperation(events, write.index, read(write.value));
    },
  },
  {
    name: 'a replaced value that is back for good',
    kind: 'lost',
    inject: (events) => {
      const found = replaced(events);
      return found && withOperation(events, found.end, read(found.value));
    },
  },
  {
    name: 'a replaced value that is read once more, before the last one',
    kind: 'stale',
    inject: (events) => {
      const found = replaced(events);
      if (found === undefined) return undefined;
      const { value, lastReadAt } = found;
      const newest = events[lastReadAt + 1];
      // The value of the last read has to be there already, and to be another one.
      const seen = newest?.process !== 'nemesis' && newest?.operation === 'read-register' && newest.value;
      const known = ended(events, 'write', 'ok').find((write) => write.key === 'a' && write.value === seen);
      if (known === undefined || known.value === value || known.doneAt > lastReadAt) return undefined;
      return withOperation(events, lastReadAt, read(value));
    },
  },
  {
    name: 'a second compare-and-set that finds the same value',
    kind: 'forked',
    inject: (events) => {
      const cas = ended(events, 'cas', 'ok').find(({ key }) => key === 'a');
      return cas && withOperation(events, events.length, { operation: 'cas', key: 'a', from: cas.from, to: 10_000 });
    },
  },
];

describe(`a violation in an otherwise legal history is found (${seedText})`, () => {
  for (const { name, kind, inject } of injections) {
    test(`${kind}: ${name}`, () => {
      let injected = 0;
      const property = fc.property(legal, (events) => {
        const broken = inject(events);
        if (broken === undefined) return;
        injected += 1;
        const findings = checkRegister(broken);
        expect(findings.verdict).toBe('fail');
        expect(countOf(findings, kind), JSON.stringify(findings.anomalies)).toBeGreaterThan(0);
      });
      fc.assert(property, { seed, numRuns: 300 });
      expect(injected).toBeGreaterThan(50);
    });
  }
});

const cas = (process: number, from: number | null, to: number, outcome: 'ok' | 'info') =>
  (['invoke', outcome] as const).map((type) => ({ process, type, operation: 'cas', key: 'a', from, to }) as const);
const readOnce = (value: number | null) =>
  [
    { process: -1, type: 'invoke', operation: 'read-register', key: 'a' },
    { process: -1, type: 'ok', operation: 'read-register', key: 'a', value },
  ] as const;

describe('a compare-and-set without an answer', () => {
  test('may be left out', () => {
    expect(checkRegister(stamp([...cas(0, null, 1, 'ok'), ...cas(1, 1, 2, 'info'), ...readOnce(1)])).verdict).toBe(
      'pass',
    );
  });

  test('has happened if its value was found, by whatever came upon it', () => {
    const chain = [...cas(0, null, 1, 'info'), ...cas(1, 1, 2, 'info'), ...cas(2, 2, 3, 'info')];
    expect(checkRegister(stamp([...chain, ...readOnce(3)])).verdict).toBe('pass');
    expect(checkRegister(stamp([...chain, ...readOnce(3), ...readOnce(1)])).verdict).toBe('fail');
  });
});

test('values that repeat, and a register that was never read, leave the question open', () => {
  expect(checkRegister(stamp([...cas(0, null, 1, 'ok'), ...cas(1, null, 1, 'info'), ...readOnce(1)]))).toMatchObject({
    verdict: 'unknown',
    undecided: [expect.stringContaining('1 was written twice')],
  });
  expect(checkRegister(stamp(cas(0, null, 1, 'ok'))).verdict).toBe('unknown');
});

describe('beside a value that was written twice', () => {
  const write = (value: number, process = 0) =>
    (['invoke', 'ok'] as const).map((type) => ({ process, type, operation: 'write', key: 'a', value }) as const);
  const twice = [...write(1), ...write(1)];

  test('another value that is lost is found', () => {
    const events = stamp([...twice, ...write(2), ...write(3), ...readOnce(2)]);
    expect(checkRegister(events)).toMatchObject({ verdict: 'fail', anomalies: [{ kind: 'lost', count: 1 }] });
  });

  test('its own acknowledged writes replace what was there before', () => {
    const events = stamp([...write(2), ...twice, ...readOnce(2)]);
    expect(checkRegister(events)).toMatchObject({ verdict: 'fail', anomalies: [{ kind: 'lost', count: 2 }] });
  });

  test('a compare-and-set that found it is a write like any other', () => {
    expect(checkRegister(stamp([...twice, ...cas(1, 1, 2, 'ok'), ...readOnce(2)]))).toMatchObject({
      verdict: 'unknown',
      anomalies: [],
    });
    const lost = stamp([...twice, ...cas(1, 1, 2, 'ok'), ...write(3), ...readOnce(2)]);
    expect(countOf(checkRegister(lost), 'lost')).toBe(1);
  });

  test('it is not there before its first write begins', () => {
    expect(countOf(checkRegister(stamp([...readOnce(1), ...twice])), 'unexpected')).toBe(1);
  });
});

test('a value that was seen, that nobody acknowledged and that is gone, is told from a lost one', () => {
  const written = (value: number, outcome: 'ok' | 'info') =>
    (['invoke', outcome] as const).map(
      (type) => ({ process: value, type, operation: 'write', key: 'a', value }) as const,
    );
  const seen = stamp([...written(1, 'ok'), ...written(2, 'info'), ...readOnce(2), ...readOnce(1)]);
  expect(checkRegister(seen)).toMatchObject({ verdict: 'fail', anomalies: [{ kind: 'diverged', count: 1 }] });
  const promised = stamp([...written(1, 'ok'), ...written(2, 'ok'), ...readOnce(2), ...readOnce(1)]);
  expect(checkRegister(promised)).toMatchObject({ verdict: 'fail', anomalies: [{ kind: 'lost', count: 1 }] });
});
