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
