/** Part of a test's time-out that a store is waited for: the rest is left to say for what. */
const waitShare = 0.8;

/** How long a test waits for a store, in milliseconds. A time-out of 0, as for debugging, or `Infinity` is none. */
export function leaseWaitMs(waitMs: number, timeoutMs: number): number {
  return timeoutMs > 0 ? Math.min(waitMs, timeoutMs * waitShare) : waitMs;
}
