import { describe, expect, test } from 'vitest';
import { createHistory, type HistoryEntry } from '../../scenarios/history.ts';
import { checkSet, findingsOfSet } from '../../scenarios/workloads/set/check.ts';
import { type Random, rowRandom } from '../../seeds/random/random.ts';

/** Events at one millisecond each, in this order. */
function history(...entries: readonly HistoryEntry[]) {
  return entries.map((entry, index) => ({ index, timeMs: index, ...entry }));
}

const add = (value: number, outcome?: 'ok' | 'fail' | 'info'): readonly HistoryEntry[] => [
  { process: value, type: 'invoke', operation: 'add', value },
  ...(outcome === undefined ? [] : [{ process: value, type: outcome, operation: 'add', value } as const]),
];

const read = (node: string, ...value: readonly number[]): readonly HistoryEntry[] => [
  { process: -1, type: 'invoke', operation: 'read', node },
  { process: -1, type: 'ok', operation: 'read', node, value },
];

describe('a value that was acknowledged', () => {
  test('and is in the last read is stable', () => {
    expect(checkSet(history(...add(1, 'ok'), ...read('a', 1)))).toMatchObject({
      verdict: 'pass',
      stable: [1],
      lost: [],
    });
  });

  test('and is absent from the last read is lost', () => {
    const findings = checkSet(history(...add(1, 'ok'), ...add(2, 'ok'), ...read('a', 2)));
    expect(findings).toMatchObject({ verdict: 'fail', stable: [2], lost: [1] });
  });

  test('and shows up late is stale, not lost', () => {
    const findings = checkSet(history(...add(1, 'ok'), ...read('a'), ...read('a', 1)));
    expect(findings).toMatchObject({ verdict: 'pass', stable: [1], stale: [1], lost: [] });
  });

  test('and was read once, then never again, is lost', () => {
    const findings = checkSet(history(...add(1, 'ok'), ...read('a', 1), ...read('a')));
    expect(findings).toMatchObject({ verdict: 'fail', lost: [1] });
  });

  test('and is absent from one member only is lost all the same', () => {
    const findings = checkSet(history(...add(1, 'ok'), ...read('a', 1), ...read('b')));
    expect(findings).toMatchObject({ verdict: 'fail', lost: [1] });
  });

  test('is not lost by a read that began before the acknowledgement', () => {
    const [invoke, ok] = add(1, 'ok') as [HistoryEntry, HistoryEntry];
    const [readInvoke, readOk] = read('a') as [HistoryEntry, HistoryEntry];
    const events = history(invoke, readInvoke, ok, readOk, ...read('b', 1));
    expect(checkSet(events)).toMatchObject({ verdict: 'pass', lost: [] });
  });

  test('and was never read leaves the question open', () => {
    expect(checkSet(history(...add(1, 'ok')))).toMatchObject({ verdict: 'unknown', neverRead: [1] });
    const events = history(...add(1, 'ok'), ...read('a', 1), ...add(2, 'ok'));
    expect(checkSet(events)).toMatchObject({ verdict: 'unknown', stable: [1], neverRead: [2] });
  });
});

describe('a value without an answer', () => {
  test('may be there or not', () => {
    const kept = checkSet(history(...add(0, 'ok'), ...add(1, 'info'), ...read('a', 0, 1)));
    expect(kept).toMatchObject({ verdict: 'pass', info: 1, infoButKept: 1, stable: [0, 1] });
    const gone = checkSet(history(...add(0, 'ok'), ...add(1), ...read('a', 0)));
    expect(gone).toMatchObject({ verdict: 'pass', info: 1, infoButKept: 0, stable: [0], lost: [] });
  });

  test('that was read and is gone is no lost write: nobody was promised it, and replicas that differ are told apart', () => {
    const gone = history(...add(0, 'ok'), ...add(1, 'info'), ...read('a', 0, 1), ...read('a', 0));
    expect(checkSet(gone)).toMatchObject({ verdict: 'pass', lost: [], diverged: [1], stable: [0] });
    const inFlight = history(...add(0, 'ok'), ...add(1), ...read('a', 0, 1), ...read('b', 0), ...read('c', 0, 1));
    expect(checkSet(inFlight)).toMatchObject({ verdict: 'pass', lost: [], diverged: [1], stable: [0] });
    expect(findingsOfSet(checkSet(inFlight)).anomalies).toEqual([{ kind: 'diverged', count: 1, examples: ['1'] }]);
  });

  test('hides nothing of what was acknowledged', () => {
    const events = history(...add(0, 'ok'), ...add(1, 'info'), ...read('a', 0, 1), ...read('b'));
    expect(checkSet(events)).toMatchObject({ verdict: 'fail', lost: [0], diverged: [1] });
  });
});

test('a value that was refused, or that nobody added, must not be there', () => {
  const events = history(...add(0, 'ok'), ...add(1, 'fail'), ...read('a', 0, 1, 9));
  expect(checkSet(events)).toMatchObject({ verdict: 'fail', unexpected: [1, 9], fail: 1, stable: [0] });
});

test('a value that was read before its add began must not have been there', () => {
  const events = history(...read('a', 1), ...add(1, 'ok'), ...read('a', 1));
  expect(checkSet(events)).toMatchObject({ verdict: 'fail', unexpected: [1] });
  const afterARefusal = history(...add(1, 'fail'), ...read('a', 1), ...add(1, 'ok'), ...read('a', 1));
  expect(checkSet(afterARefusal)).toMatchObject({ verdict: 'fail', unexpected: [1] });
});

test('a value that is there twice is found', () => {
  expect(checkSet(history(...add(1, 'ok'), ...read('a', 1, 1)))).toMatchObject({ verdict: 'fail', duplicated: [1] });
});

test('a run in which nothing was kept, and one without events, prove nothing', () => {
  expect(checkSet([]).verdict).toBe('unknown');
  expect(checkSet(history(...add(1, 'fail'), ...read('a'))).verdict).toBe('unknown');
});

test('a read that failed says nothing', () => {
  const failed: HistoryEntry[] = [
    { process: -1, type: 'invoke', operation: 'read', node: 'a' },
    { process: -1, type: 'fail', operation: 'read', node: 'a' },
  ];
  expect(checkSet(history(...add(1, 'ok'), ...read('a', 1), ...failed)).verdict).toBe('pass');
});

test('histories count their events and their time only goes up', () => {
  const recorded = createHistory();
  for (const entry of add(1, 'ok')) recorded.record(entry);
  expect(recorded.events.map(({ index }) => index)).toEqual([0, 1]);
  expect((recorded.events[1]?.timeMs ?? 0) >= (recorded.events[0]?.timeMs ?? 1)).toBe(true);
});

describe('random histories of a store whose truth is known', () => {
  // Always the same ones: a failure names the seed that repeats it.
  const seeds = Array.from({ length: 300 }, (_, index) => index);

  test('what an honest store does passes', () => {
    for (const seed of seeds) {
      const { events, acknowledged } = simulate(seed, { losing: 0 });
      const findings = checkSet(events);
      expect(findings, `seed ${seed}`).toMatchObject({ verdict: 'pass', lost: [], unexpected: [], ok: acknowledged });
    }
  });

  test('exactly the acknowledged values that a store threw away are lost', () => {
    for (const seed of seeds) {
      const { events, thrownAway } = simulate(seed, { losing: 3 });
      const { verdict, lost } = checkSet(events);
      expect(thrownAway.length, `seed ${seed}`).toBe(3);
      expect({ verdict, lost }, `seed ${seed}`).toEqual({ verdict: 'fail', lost: thrownAway });
    }
  });
});

/** Interleaved adds and reads of a set that is atomic, but throws away `losing` acknowledged values before its last read. */
function simulate(seed: number, { losing }: { readonly losing: number }) {
  const random = rowRandom(seed, 'set-history')(0);
  const entries: HistoryEntry[] = [];
  const store = new Set<number>();
  const acknowledged: number[] = [];
  const open: { readonly value: number; readonly applied: boolean }[] = [];
  for (let value = 0; value < 40 || open.length > 0; ) {
    if (value < 40 && (open.length === 0 || (open.length < 4 && random.chance(0.5)))) {
      entries.push({ process: value, type: 'invoke', operation: 'add', value });
      const applied = random.chance(0.8);
      if (applied) store.add(value);
      open.push({ value, applied });
      value += 1;
    } else {
      const [ended] = open.splice(random.int(open.length), 1);
      if (ended === undefined) continue;
      const type = random.chance(0.15) ? 'info' : ended.applied ? 'ok' : 'fail';
      entries.push({ process: ended.value, type, operation: 'add', value: ended.value });
      if (type === 'ok') acknowledged.push(ended.value);
    }
    if (random.chance(0.1)) entries.push(...read('a', ...store));
  }
  const thrownAway = pickSome(acknowledged, losing, random);
  for (const value of thrownAway) store.delete(value);
  entries.push(...read('a', ...store));
  return { events: history(...entries), acknowledged: acknowledged.length, thrownAway };
}

function pickSome(values: readonly number[], count: number, random: Random): readonly number[] {
  const picked = new Set<number>();
  while (picked.size < Math.min(count, values.length)) picked.add(random.pick(values));
  return [...picked].toSorted((left, right) => left - right);
}
