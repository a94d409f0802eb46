/**
 * Runs `work` for every item at once and returns the results in their order. Where one fails, the error of the first
 * in the list that did is thrown, after all have ended: nothing goes on behind the caller's back.
 */
export function runConcurrently<Item, Value>(
  items: readonly Item[],
  work: (item: Item) => Promise<Value>,
): Promise<readonly Value[]> {
  return allSettled(items.map(work));
}

/** {@link runConcurrently} for work that has begun. */
export async function allSettled<const Work extends readonly Promise<unknown>[]>(
  work: Work,
): Promise<{ -readonly [Place in keyof Work]: Awaited<Work[Place]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

/**
 * Runs what `begin` begins as one: once a part fails, or `signal` aborts, the signal that `begin` is given aborts too, for
 * the others to end. Results are in their order. Throws the first failure in time, or the reason of `signal`, after all have
 * ended. The same as an `errgroup` of Go.
 */
export async function runAsOne<Value>(
  signal: AbortSignal | undefined,
  begin: (signal: AbortSignal) => readonly Promise<Value>[],
): Promise<readonly Value[]> {
  const failed = new AbortController();
  const either = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  const parts = begin(either).map((part) =>
    part.catch((thrown: unknown) => {
      failed.abort(thrown);
      throw thrown;
    }),
  );
  await Promise.allSettled(parts);
  if (either.aborted) throw either.reason;
  return Promise.all(parts);
}
