import { expect, test } from 'vitest';
import { failedForGood } from '../../sandbox/harness/vitest/failed-for-good.ts';

const [failed, passed] = [{ state: 'fail' as const }, { state: 'pass' as const }];

test.each([
  ['has failed', true, { result: failed }],
  ['has passed', false, { result: passed }],
  ['was to fail, and has', false, { result: failed, fails: true }],
  ['was to fail, and has passed', true, { result: passed, fails: true }],
  ['was skipped, and was to fail', false, { result: { state: 'skip' as const }, fails: true }],
  ['is tried again', false, { result: { ...failed, retryCount: 0 }, retry: 1 }],
  ['is tried again, as an object says', false, { result: { ...failed, retryCount: 1 }, retry: { count: 2 } }],
  ['was tried for the last time', true, { result: { ...failed, retryCount: 2 }, retry: 2 }],
  ['may be tried again', true, { result: failed, retry: { count: 2, condition: /busy/ } }],
  ['has passed at its second try', false, { result: { ...passed, retryCount: 1 }, retry: 2 }],
])('a test that %s, asked at its clean-up: its stores are kept: %s', (_, expected, task) => {
  expect(failedForGood(task)).toBe(expected);
});
