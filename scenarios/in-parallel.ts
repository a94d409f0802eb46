/** Runs these with at most `limit` at a time. Results are in the order given; throws the first error once all ended. */
export async function inParallel<Value>(
  works: readonly (() => Promise<Value>)[],
  limit: number,
): Promise<readonly Value[]> {
  const results: Value[] = new Array(works.length);
  const queue = works.entries();
  let failed = false;
  const workers = Array.from({ length: Math.min(limit, works.length) }, async () => {
    for (const [index, work] of queue) {
      if (failed) return;
      try {
        results[index] = await work();
      } catch (thrown) {
        failed = true;
        throw thrown;
      }
    }
  });
  const ended = await Promise.allSettled(workers);
  for (const worker of ended) if (worker.status === 'rejected') throw worker.reason;
  return results;
}
