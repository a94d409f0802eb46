import { expect, test } from 'vitest';
import { leaseWait, leaseWaitMs } from '../../sandbox/harness/vitest/lease-wait.ts';

test.each([
  [120_000, 30_000, 24_000],
  [120_000, 600_000, 120_000],
  [5_000, 30_000, 5_000],
  [120_000, 0, 120_000],
  [120_000, Number.POSITIVE_INFINITY, 120_000],
])('of %d ms, a test with a time-out of %d ms waits %d', (waitMs, timeoutMs, expected) => {
  expect(leaseWaitMs(waitMs, timeoutMs)).toBe(expected);
});

test('stores that a test waits for one after the other share the time that it has', () => {
  let nowMs = 100;
  const wait = leaseWait(4_000, () => nowMs);
  expect(wait.leftMs()).toBe(4_000);
  nowMs = 3_100;
  expect(wait.leftMs()).toBe(1_000);
  nowMs = 9_000;
  expect(wait.leftMs()).toBe(0);
});
