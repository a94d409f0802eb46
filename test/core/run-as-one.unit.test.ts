import { describe, expect, test } from 'vitest';
import { runAsOne } from '../../sandbox/core/run-concurrently.ts';
import { inParallel } from '../../scenarios/in-parallel.ts';

/** Ends once it is told to, and says so. */
async function untilAborted(signal: AbortSignal, ended: string[], name: string): Promise<never> {
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  // It has something to put away first.
  await new Promise<void>((resolve) => setImmediate(resolve));
  ended.push(name);
  throw new Error(`${name} was broken off`);
}

describe('work that runs as one', () => {
  test('is broken off by the first failure in time, which is thrown once all have ended', async () => {
    const ended: string[] = [];
    const running = runAsOne(undefined, (signal) => [
      untilAborted(signal, ended, 'first'),
      Promise.reject(new Error('the cause')),
      untilAborted(signal, ended, 'third'),
    ]);
    await expect(running).rejects.toThrow('the cause');
    expect(ended).toEqual(['first', 'third']);
  });

  test('ends by the signal of the caller, with its reason', async () => {
    const ended: string[] = [];
    const caller = new AbortController();
    const running = runAsOne(caller.signal, (signal) => [untilAborted(signal, ended, 'first')]);
    caller.abort(new Error('interrupted'));
    await expect(running).rejects.toThrow('interrupted');
    expect(ended).toEqual(['first']);
  });

  test('returns what each made, in their order', async () => {
    expect(await runAsOne(undefined, () => [Promise.resolve(1), Promise.resolve(2)])).toEqual([1, 2]);
    expect(await runAsOne(undefined, () => [])).toEqual([]);
  });

  test('some at a time: what had not begun is left once one has failed', async () => {
    const begun: number[] = [];
    const works = [0, 1, 2, 3].map((index) => async () => {
      begun.push(index);
      if (index === 1) throw new Error('the second failed');
      await new Promise<void>((resolve) => setImmediate(resolve));
      return index;
    });
    await expect(inParallel(works, 2)).rejects.toThrow('the second failed');
    expect(begun).toEqual([0, 1]);
    expect(await inParallel(works.toSpliced(1, 1), 2)).toEqual([0, 2, 3]);
  });
});
