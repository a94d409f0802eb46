import { expect, test, vi } from 'vitest';
import { sharedWait } from '../../sandbox/harness/shared-wait.ts';
import { leaseInTime } from '../../sandbox/harness/vitest/lease-in-time.ts';
import { leaseWaitMs } from '../../sandbox/harness/vitest/lease-wait.ts';

test.each([
  [120_000, 30_000, 24_000],
  [120_000, 600_000, 120_000],
  [5_000, 30_000, 5_000],
  [120_000, 0, 120_000],
  [120_000, Number.POSITIVE_INFINITY, 120_000],
])('of %d ms, a test with a time-out of %d ms waits %d', (waitMs, timeoutMs, expected) => {
  expect(leaseWaitMs(waitMs, timeoutMs)).toBe(expected);
});

test('the stores of a lease are waited for as long as one, whether one after the other or at once', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    const inTime = sharedWait(100);
    const left = (tookMs: number) =>
      inTime(async (leftMs) => {
        await null;
        vi.advanceTimersByTime(tookMs);
        return leftMs;
      });
    expect(await left(30)).toBe(100);
    // What lies between two of them is no wait.
    vi.advanceTimersByTime(500);
    expect(await Promise.all([left(10), left(20)])).toEqual([70, 70]);
    expect(await left(60)).toBe(40);
    expect(await left(0)).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test('a lease that comes when its test has timed out is given back', async () => {
  const release = vi.fn(async () => ({}));
  const timeout = new AbortController();
  expect(await leaseInTime(Promise.resolve({ release }), timeout.signal)).toEqual({ release });
  expect(release).not.toHaveBeenCalled();
  timeout.abort(new Error('timed out'));
  await expect(leaseInTime(Promise.resolve({ release }), timeout.signal)).rejects.toThrow('timed out');
  expect(release).toHaveBeenCalledOnce();
});
