import { expect, test } from 'vitest';
import { measureRecall, recallOf } from '../../bench/measure/recall.ts';

test('recall is the share of the exact answer that was found', () => {
  expect(recallOf(['a', 'b', 'x'], ['a', 'b', 'c', 'd'])).toBe(0.5);
  expect(recallOf([], ['a'])).toBe(0);
  expect(recallOf(['a'], [])).toBe(1);
});

test('the curve has a point for each search width and one for the exact search', async () => {
  const exact = ['a', 'b', 'c', 'd'];
  const search = async (_: number, ef: number | null) => (ef === null ? exact : exact.slice(0, ef));
  const points = await measureRecall(
    { k: 4, queries: 5, ownEf: 2, efs: [1, 2, 4], search },
    new AbortController().signal,
  );
  expect(points.map(({ ef, recall, returned }) => [ef, recall, returned])).toEqual([
    [1, 0.25, 1],
    [2, 0.5, 2],
    [4, 1, 4],
    [null, 1, 4],
  ]);
});
