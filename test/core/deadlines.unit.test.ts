import { afterEach, expect, test, vi } from 'vitest';
import { deadlineMs, scaledDeadlineMs } from '../../sandbox/core/deadlines.ts';

afterEach(() => vi.unstubAllEnvs());

test.each(['1.1', '0.0003', '1.7', '2', '0.0000001'])(
  'a deadline is one that a timer takes, with the factor %s',
  (factor) => {
    vi.stubEnv('SANDBOX_DEADLINE_FACTOR', factor);
    for (const name of ['registryAnswer', 'migration', 'webhookAnswer'] as const) {
      expect(() => AbortSignal.timeout(deadlineMs(name)), name).not.toThrow();
    }
  },
);

test.each([
  ['1.1', 3_300],
  ['0.0000001', 1],
])('of 3 s, the factor %s makes %d ms', (factor, expected) => {
  vi.stubEnv('SANDBOX_DEADLINE_FACTOR', factor);
  expect(scaledDeadlineMs(3_000)).toBe(expected);
});
