export interface Bounds {
  readonly timeoutMs: number;
  /** Makes the error that is thrown when time runs out; what holds the work up can be ended here too. */
  readonly onTimeout: () => Error;
  /** Default: only time ends the wait. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * What `work` comes to, if it comes in time. Throws what it throws, what `onTimeout` makes, or the reason of `signal`. Work
 * that is not waited for any more goes on; its end, a failure too, is nobody's.
 */
export async function within<Value>(work: Promise<Value>, { timeoutMs, onTimeout, signal }: Bounds): Promise<Value> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(onTimeout()), timeoutMs);
  try {
    return await unlessAborted(Promise.race([late.promise, work]), signal);
  } finally {
    clearTimeout(timer);
  }
}

/** {@link within} so many milliseconds, and no answer in that time is the failure. */
export function withDeadline<Value>(work: Promise<Value>, timeoutMs: number, signal?: AbortSignal): Promise<Value> {
  return within(work, { timeoutMs, onTimeout: () => new Error(`no answer within ${timeoutMs / 1_000} s`), signal });
}

/** {@link within} without a limit of time: what `work` comes to, unless `signal` aborts, whose reason is thrown then. */
export async function unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return work;
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    // A race listens to both, so that the loser's failure is no unhandled one.
    return await Promise.race([aborted.promise, work]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
