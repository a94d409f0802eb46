/**
 * Runs `work` for every item at once and returns the results in their order. Where one fails, the error of the first
 * in the list that did is thrown, after all have ended: nothing goes on behind the caller's back.
 */
export async function sideBySide<Item, Value>(
  items: readonly Item[],
  work: (item: Item) => Promise<Value>,
): Promise<readonly Value[]> {
  const results = await Promise.allSettled(items.map(work));
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}
