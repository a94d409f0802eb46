/** Part of a test's time-out that a store is waited for: the rest is left to say for what. */
const waitShare = 0.8;

/** How long a test waits for a store, in milliseconds. A time-out of 0, as for debugging, or `Infinity` is none. */
export function leaseWaitMs(waitMs: number, timeoutMs: number): number {
  return timeoutMs > 0 ? Math.min(waitMs, timeoutMs * waitShare) : waitMs;
}

/**
 * What is left of a time that all stores of a test share, in milliseconds: each of them with a wait of its own would outlast the
 * test, which then says nothing but that its time is over. At 0 a store is had that is free at once.
 */
export function leaseWait(
  waitMs: number,
  nowMs: () => number = () => performance.now(),
): { readonly leftMs: () => number } {
  const beganMs = nowMs();
  return { leftMs: () => Math.max(0, waitMs - (nowMs() - beganMs)) };
}
