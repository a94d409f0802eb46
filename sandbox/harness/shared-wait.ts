/**
 * Waits that have one bound together: each is told how many milliseconds are left. A test that takes its stores one after the
 * other has one time-out for all of them.
 */
export function sharedWait(waitMs: number): <Value>(work: (leftMs: number) => Promise<Value>) => Promise<Value> {
  let leftMs = waitMs;
  let under = 0;
  let sinceMs = 0;
  return async (work) => {
    if (under === 0) sinceMs = performance.now();
    under += 1;
    try {
      return await work(Math.max(leftMs - (performance.now() - sinceMs), 0));
    } finally {
      under -= 1;
      // Waits at the same time count once.
      if (under === 0) leftMs = Math.max(leftMs - (performance.now() - sinceMs), 0);
    }
  };
}
