import { describe, expect, test } from 'vitest';
import { missedObjectives, withObjective } from '../../bench/measure/objectives.ts';
import { parameterKinds } from '../../sandbox/engines/contract/bench/query-path.ts';
import { type PathParts, preparePath } from '../../sandbox/engines/shared/bench/prepare-path.ts';
import { isGoodAnswer } from '../../sandbox/engines/shared/bench/vector-answers.ts';
import { madeUpReport } from './support/reports.ts';

const names = (kind: string, count: number) => Array.from({ length: count }, (_, index) => `${kind} ${index}`);

function path(changes: Partial<PathParts<string, string>> = {}) {
  const asked: string[] = [];
  const prepared = preparePath<string, string>({
    parameters: { hot: names('hot', 100), cold: names('cold', 20), absent: names('absent', 3) },
    shares: { hot: 0.8, cold: 0.15, absent: 0.05 },
    request: async (name) => {
      asked.push(name);
      return name;
    },
    bare: async () => {},
    plan: async () => ({ expected: 'index', actual: 'index', ok: true }),
    answer: (name) => name,
    known: async (parameters) => parameters,
    dispose: async () => {},
    ...changes,
  });
  return { prepared, asked };
}

describe('parameters', () => {
  test('come in their shares, the favourites by Zipf, and the same each time', async () => {
    const { prepared, asked } = path();
    for (let iteration = 0; iteration < 1_009; iteration += 1) await prepared.run(iteration);
    const share = (kind: string) => asked.filter((name) => name.startsWith(kind)).length / asked.length;
    expect([share('hot'), share('cold'), share('absent')].map((value) => Math.round(value * 100))).toEqual([80, 15, 5]);
    const count = (name: string) => asked.filter((each) => each === name).length;
    // The weights are 1, 1/2, 1/4 ... of the sum of the first hundred reciprocals, 5.187.
    expect(count('hot 0') / count('hot 1')).toBeCloseTo(2, 0);
    expect(count('hot 0') / 807).toBeCloseTo(1 / 5.187, 1);
    expect(asked.filter((name, index) => name.startsWith(prepared.kindOf(index)))).toHaveLength(asked.length);
    const again = path();
    for (let iteration = 0; iteration < 50; iteration += 1) await again.prepared.run(iteration);
    expect(again.asked).toEqual(asked.slice(0, 50));
  });

  test('of every kind reach every one of many clients', () => {
    const { prepared } = path();
    for (let client = 0; client < 16; client += 1) {
      const kinds = new Set(Array.from({ length: 200 }, (_, turn) => prepared.kindOf(client + turn * 16)));
      expect([...kinds].toSorted()).toEqual(parameterKinds.toSorted());
    }
  });
});

describe('checks', () => {
  test('look at the plan of each kind: one wrong kind fails the path', async () => {
    const plan = async (_: string, kind: string) =>
      kind === 'cold'
        ? { expected: 'index', actual: 'the table', ok: false }
        : { expected: 'index', actual: 'index', ok: true };
    const { prepared } = path({ plan });
    expect(await prepared.checkPlan()).toEqual({ expected: 'index', actual: 'the table (cold)', ok: false });
  });

  test('compare the answer of each kind: what is there and should not be fails the path', async () => {
    expect(await path().prepared.checkAnswer()).toMatchObject({
      ok: true,
      actual: expect.stringContaining('3 absent'),
    });
    const known = async (parameters: readonly string[]) =>
      parameters.map((name) => (name.startsWith('absent') ? '' : name));
    const { prepared } = path({ known });
    expect(await prepared.checkAnswer()).toEqual({
      expected: 'absent: nothing',
      actual: 'absent: absent 0',
      ok: false,
    });
  });

  test('never pass where nothing is known', async () => {
    const { prepared } = path({ known: { notKnown: 'another data set' } });
    expect(await prepared.checkAnswer()).toMatchObject({ ok: null, actual: 'not checked: another data set' });
  });

  test('forgive an approximate search two of ten, and no more, and never the best', () => {
    const exact = 'a b c d e f g h i j';
    expect(isGoodAnswer('a b c d e f g h x y', exact)).toBe(true);
    expect(isGoodAnswer('a b c d e f g x y z', exact)).toBe(false);
    expect(isGoodAnswer('x b c d e f g h i j', exact)).toBe(false);
    expect(isGoodAnswer('a b c', 'a b d')).toBe(false);
    expect(isGoodAnswer('', '')).toBe(true);
    expect(isGoodAnswer('a', '')).toBe(false);
  });
});

test('an objective is judged by the load that it is promised for, and not told from a few samples', () => {
  const [row] = madeUpReport({ path: { p50Us: 1_000 } }).paths;
  if (row === undefined) throw new Error('a report has a row');
  const open = { ...row, mode: 'open' as const, p99Us: 9_000 };
  const judged = withObjective({ p99Ms: 5 }, [row, open, { ...open, p99Us: 1 }]);
  expect(judged.map(({ objective }) => objective)).toEqual([undefined, { p99Ms: 5, met: false }, undefined]);
  expect(missedObjectives(judged)).toHaveLength(1);
  expect(withObjective({ p99Ms: 5 }, [row])[0]?.objective).toEqual({ p99Ms: 5, met: true });
  expect(withObjective({ p99Ms: 5 }, [{ ...row, samples: 99 }])[0]?.objective).toEqual({ p99Ms: 5, met: null });
});
