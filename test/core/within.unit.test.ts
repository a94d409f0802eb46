import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { unlessAborted, within } from '../../sandbox/core/within.ts';

const bounds = { timeoutMs: 1_000, onTimeout: () => new Error('nothing came') };

describe('work that is waited for within bounds', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  test('hands on what it comes to, and leaves no timer that would keep the process alive', async () => {
    const answer = within(Promise.resolve('answer'), bounds);
    expect(vi.getTimerCount()).toBe(1);
    expect(await answer).toBe('answer');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('hands on its failure, and leaves no timer', async () => {
    await expect(within(Promise.reject(new Error('refused')), bounds)).rejects.toThrow('refused');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is given up once time has run out, not before; a failure that comes later is handled', async () => {
    const work = Promise.withResolvers<never>();
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    let thrown: unknown;
    const waiting = within(work.promise, bounds).catch((error: unknown) => {
      thrown = error;
    });
    await vi.advanceTimersByTimeAsync(999);
    expect(thrown).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    await waiting;
    expect(thrown).toEqual(new Error('nothing came'));
    work.reject(new Error('too late'));
    vi.useRealTimers();
    // Node.js tells of a failure that nobody handles before the next turn of its loop.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  test('ends with the reason of a signal, and leaves no timer', async () => {
    const caller = new AbortController();
    const waiting = within(new Promise<never>(() => {}), { ...bounds, signal: caller.signal });
    caller.abort(new Error('interrupted'));
    await expect(waiting).rejects.toThrow('interrupted');
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('work that is waited for unless a signal aborts', () => {
  test('leaves nothing that listens to the signal', async () => {
    const { signal } = new AbortController();
    expect(await unlessAborted(Promise.resolve('answer'), signal)).toBe('answer');
    await expect(unlessAborted(Promise.reject(new Error('refused')), signal)).rejects.toThrow('refused');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('is not waited for where the signal has aborted before', async () => {
    const signal = AbortSignal.abort(new Error('interrupted'));
    await expect(unlessAborted(Promise.resolve('answer'), signal)).rejects.toThrow('interrupted');
  });

  test('is waited for where there is no signal', async () => {
    expect(await unlessAborted(Promise.resolve('answer'), undefined)).toBe('answer');
  });
});
