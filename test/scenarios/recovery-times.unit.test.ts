import { describe, expect, test } from 'vitest';
import type { HistoryEntry, HistoryEvent } from '../../scenarios/history.ts';
import { recoveryPointOf, recoveryTimesOf, spreadOf } from '../../scenarios/recovery-times.ts';

type Timed = readonly [timeMs: number, entry: HistoryEntry];

const history = (...timed: readonly Timed[]): readonly HistoryEvent[] =>
  timed.toSorted(([left], [right]) => left - right).map(([timeMs, entry], index) => ({ index, timeMs, ...entry }));
const add = (value: number, fromMs: number, toMs: number, type: 'ok' | 'fail' | 'info' = 'ok'): readonly Timed[] => [
  [fromMs, { process: value, type: 'invoke', operation: 'add', value }],
  [toMs, { process: value, type, operation: 'add', value }],
];
const nemesis = (timeMs: number, type: 'invoke' | 'info', operation: string, node = 'a'): Timed => [
  timeMs,
  { process: 'nemesis', type, operation, node },
];

const run = history(
  ...add(0, 0, 5),
  ...add(1, 90, 130),
  nemesis(99, 'invoke', 'kill'),
  nemesis(100, 'info', 'kill'),
  ...add(2, 110, 120, 'fail'),
  [350, { process: 'observer', type: 'info', operation: 'detect' }],
  nemesis(360, 'invoke', 'promote', 'b'),
  nemesis(500.25, 'info', 'promote', 'b'),
  ...add(3, 400, 700, 'info'),
  ...add(4, 510, 530.5),
  ...add(5, 505, 540),
);

describe('the times of a fault', () => {
  test('begin when it has taken effect, and count only writes that began after it', () => {
    expect(recoveryTimesOf(run)).toEqual([
      {
        fault: 'kill',
        node: 'a',
        faultMs: 100,
        detectMs: 250,
        promoteMs: 400.25,
        firstWriteMs: 430.5,
        clientOutageMs: 400.5,
      },
    ]);
  });

  test('begin with the death of the process where the container engine says when that was', () => {
    const killed: Timed = [100, { process: 'nemesis', type: 'info', operation: 'kill', node: 'a', tookEffectMs: 40 }];
    const seen = history(
      ...add(0, 20, 38),
      nemesis(30, 'invoke', 'kill'),
      ...add(1, 35, 36, 'info'),
      [90, { process: 'observer', type: 'info', operation: 'detect' }],
      killed,
      ...add(2, 50, 340),
      ...add(3, 200, 350),
    );
    expect(recoveryTimesOf(seen)).toEqual([
      { fault: 'kill', node: 'a', faultMs: 40, detectMs: 50, firstWriteMs: 300, clientOutageMs: 302 },
    ]);
  });

  test('lack what never happened', () => {
    expect(recoveryTimesOf(history(nemesis(5, 'info', 'kill'), ...add(1, 6, 7, 'fail')))).toEqual([
      { fault: 'kill', node: 'a', faultMs: 5 },
    ]);
    expect(recoveryTimesOf(run, 'isolate')).toEqual([]);
  });

  test('end with the next fault of that name', () => {
    const twice = history(nemesis(10, 'info', 'kill'), nemesis(20, 'info', 'kill', 'b'), ...add(1, 21, 25));
    expect(recoveryTimesOf(twice).map(({ firstWriteMs }) => firstWriteMs)).toEqual([undefined, 5]);
  });

  test('know a promotion by what was seen of the nodes as well, but not by the failed one', () => {
    const seen = (timeMs: number, node: string): Timed => [
      timeMs,
      { process: 'observer', type: 'info', operation: 'role', node, role: 'primary' },
    ];
    expect(recoveryTimesOf(history(nemesis(10, 'info', 'kill'), seen(11, 'a'), seen(40, 'b')))[0]?.promoteMs).toBe(30);
  });
});

describe('the recovery point', () => {
  const lost = (...values: readonly number[]) => {
    return recoveryPointOf(run, 100, (write) => write.operation === 'add' && values.includes(write.value));
  };

  test('reaches from the oldest lost acknowledgement to the fault', () => {
    expect(lost(0)).toEqual({ operations: 1, ms: 95 });
  });

  test('reaches beyond the fault if a primary went on acknowledging', () => {
    expect(lost(0, 1)).toEqual({ operations: 2, ms: 125 });
  });

  test('is zero where nothing acknowledged is lost', () => {
    expect(lost()).toEqual({ operations: 0, ms: 0 });
    expect(lost(2, 3)).toEqual({ operations: 0, ms: 0 });
  });
});

test('a spread is of what was measured, and its median is a measured value', () => {
  expect(spreadOf([3, undefined, 1, 2])).toEqual({ runs: 3, p50: 2, max: 3 });
  expect(spreadOf([4, 1, 2, 3])).toEqual({ runs: 4, p50: 2, max: 4 });
  expect(spreadOf([7])).toEqual({ runs: 1, p50: 7, max: 7 });
  expect(spreadOf([undefined])).toBeUndefined();
});
