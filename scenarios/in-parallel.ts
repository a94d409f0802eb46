import pLimit from 'p-limit';

/**
 * Runs these with at most `concurrency` at a time. Results are in the order given.
 * Throws the first error once all that had begun have ended; what had not begun is left.
 */
export async function inParallel<Value>(
  works: readonly (() => Promise<Value>)[],
  concurrency: number,
): Promise<readonly Value[]> {
  const limit = pLimit({ concurrency, rejectOnClear: true });
  const failures: unknown[] = [];
  const running = works.map((work) =>
    limit(work).catch((thrown) => {
      failures.push(thrown);
      limit.clearQueue();
      throw thrown;
    }),
  );
  const ended = await Promise.allSettled(running);
  if (failures.length > 0) throw failures[0];
  return ended.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}
