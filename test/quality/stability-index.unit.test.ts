import { expect, test } from 'vitest';
import { countsOf, driftOf } from '../../sandbox/quality/drift/drift.ts';
import { type Counts, stabilityOf } from '../../sandbox/quality/drift/stability-index.ts';
import { rowRandom } from '../../seeds/random/random.ts';
import { seed, seedText } from '../support/seed.ts';

const rows = 1_000_000;

/** So many rows by shares of a whole. */
const sharedOut = (shares: readonly number[]): Counts =>
  Object.fromEntries(shares.map((share, value) => [String(value), Math.round(share * rows)]));

test('the index is the sum of the changes of shares, each times the logarithm of its ratio', () => {
  // 0.1 ln(0.6 / 0.5) + 0.1 ln(0.5 / 0.4), by hand.
  const { index, most } = stabilityOf(sharedOut([0.5, 0.5]), sharedOut([0.6, 0.4]));
  expect(index).toBeCloseTo(0.1 * Math.log(1.2) + 0.1 * Math.log(1.25), 4);
  expect(most).toEqual({ value: '1', before: 0.5, now: expect.closeTo(0.4, 4) });
  expect(stabilityOf(sharedOut([0.5, 0.5]), sharedOut([0.5, 0.5])).index).toBe(0);
});

test('a value that is new or gone counts, and an empty place is no drift', () => {
  expect(stabilityOf({ a: 500, b: 500 }, { a: 500, b: 300, c: 200 }).index).toBeGreaterThan(0.5);
  expect(stabilityOf({ a: 500, b: 300, c: 200 }, { a: 500, b: 500 }).index).toBeGreaterThan(0.5);
  expect(stabilityOf({}, {})).toMatchObject({ index: 0, noise: 0 });
});

test('values are counted by field whatever they are called', () => {
  const distribution = (count: number) =>
    countsOf([
      { values: ['AI/ML', 'constructor'], count },
      { values: ['100 %', '__proto__'], count: 1_000 },
    ]);
  const { count, ids } = driftOf(['topic', 'kind'], distribution(1_000), distribution(9_000));
  expect(count).toBeGreaterThan(0.5);
  expect(ids.toSorted()).toEqual([
    expect.stringContaining('most of it __proto__: 50 % before, 10 % now'),
    expect.stringContaining('most of it 100 %/__proto__: 50 % before, 10 % now'),
    expect.stringContaining('most of it 100 %: 50 % before, 10 % now'),
  ]);
  expect(driftOf(['topic', 'kind'], distribution(1_000), distribution(1_000))).toEqual({ count: 0, ids: [] });
});

/** Levels of rows, each drawn for itself. `skew`: how many times more the highest level comes than each other one. */
function drawn(count: number, stream: string, skew = 0): Counts {
  const random = rowRandom(seed, stream);
  const counts: Record<string, number> = {};
  for (let index = 0; index < count; index += 1) {
    const { int } = random(index);
    const level = () => Math.min(5, int(6 + skew));
    const cell = [level(), level(), level()].join('/');
    counts[cell] = (counts[cell] ?? 0) + 1;
  }
  return counts;
}

const axes = ['silicon', 'consciousness', 'thinking'];

test.each([216, 1_080, 10_000])(
  `two samples of %i rows of one population drift by chance hardly ever, though the index of their cells is large (${seedText})`,
  (count) => {
    const runs = count < 10_000 ? 200 : 40;
    const found = Array.from({ length: runs }, (_, run) => {
      const [before, now] = ['before', 'now'].map((which) => drawn(count, `${run} ${which}`)) as [Counts, Counts];
      return { isTold: driftOf(axes, before, now).count > 0.1, index: stabilityOf(before, now).index };
    });
    // One in a thousand for each of four parts is expected; eight of 200 come by chance once in a million times.
    expect(found.filter(({ isTold }) => isTold).length).toBeLessThan(8);
    // The index alone would tell of drift in most of these runs, where there are few rows for each cell.
    if (count < 10_000) expect(found.filter(({ index }) => index > 0.1).length).toBeGreaterThan(runs / 2);
  },
);

test.each([1_080, 10_000])(
  `a level that comes more than twice as often is found among %i rows (${seedText})`,
  (count) => {
    const { count: index, ids } = driftOf(axes, drawn(count, 'before'), drawn(count, 'now', 2));
    expect(index).toBeGreaterThan(0.1);
    // A sixth before, three eighths now. Shares of 1,080 rows are off by 1.1 and 1.5 points (one standard deviation): each has
    // five of them to both sides.
    expect(ids.join('\n')).toMatch(
      /^silicon: 0\.\d+, most of it 5: (1\d|2[0-3])(\.\d)? % before, [34]\d(\.\d)? % now$/m,
    );
  },
);
