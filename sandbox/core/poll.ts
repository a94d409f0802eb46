import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from './errors.ts';

/** Nothing polls slower than this: it bounds what polling adds to the time of what is waited for. */
const pollIntervalMs = 25;

export interface PollOptions {
  readonly timeoutMs: number;
  /** Pause between two tries, in milliseconds. Default 25, at most 50. */
  readonly intervalMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Makes the error thrown when time runs out; it is handed the last try's error or value. */
  readonly onTimeout: (last: unknown, elapsedMs: number) => Error;
}

/**
 * Runs `attempt` until it returns something other than `undefined` or `false`, and returns that.
 * A throwing attempt counts as "not yet"; throw inside {@link fatal} to end the polling at once.
 */
export async function poll<Value>(
  attempt: () => Promise<Value | undefined | false> | Value | undefined | false,
  options: PollOptions,
): Promise<Value> {
  const startedMs = performance.now();
  let last: unknown;
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      const value = await attempt();
      if (value !== undefined && value !== false) return value as Value;
      last = value;
    } catch (thrown) {
      if (thrown instanceof FatalPollError) throw thrown.cause;
      last = thrown;
    }
    const elapsedMs = performance.now() - startedMs;
    if (elapsedMs >= options.timeoutMs) throw options.onTimeout(last, elapsedMs);
    await delay(Math.min(options.intervalMs ?? pollIntervalMs, 50), undefined, { signal: options.signal });
  }
}

/** Ends a {@link poll} with `cause` as its error: what is waited for can no longer happen. */
export function fatal(cause: unknown): Error {
  return new FatalPollError(messageOf(cause), { cause });
}

class FatalPollError extends Error {}
