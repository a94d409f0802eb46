import { runAsOne } from '../sandbox/core/run-concurrently.ts';

/**
 * Runs these with at most `concurrency` at a time. Results are in the order given.
 * Throws the first error once all that had begun have ended; what had not begun is left.
 */
export async function inParallel<Value>(
  works: readonly (() => Promise<Value>)[],
  concurrency: number,
): Promise<readonly Value[]> {
  const results: Value[] = [];
  const waiting = [...works.entries()];
  await runAsOne(undefined, (signal) =>
    Array.from({ length: Math.min(concurrency, works.length) }, () => lane(signal)),
  );
  return results;

  async function lane(signal: AbortSignal): Promise<void> {
    for (let next = waiting.shift(); next !== undefined && !signal.aborted; next = waiting.shift()) {
      const [place, work] = next;
      results[place] = await work();
    }
  }
}
