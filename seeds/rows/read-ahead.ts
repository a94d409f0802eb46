/**
 * The results of `make(0)`, `make(1)`, ... `make(count - 1)` in their order, with at most `ahead` of them under way or
 * waiting to be taken: nothing is made for a reader that does not read. A failure is thrown in its turn. A reader that
 * stops waits for what is under way, so that nothing goes on behind its back.
 */
export async function* readAhead<Value>(
  make: (index: number) => Promise<Value>,
  count: number,
  ahead: number,
): AsyncGenerator<Value> {
  const underWay: Promise<Value>[] = [];
  let next = 0;
  try {
    for (let taken = 0; taken < count; taken += 1) {
      while (next < count && underWay.length < ahead) {
        const made = make(next);
        // It is awaited in its turn; until then its failure is nobody's.
        made.catch(() => {});
        underWay.push(made);
        next += 1;
      }
      yield await (underWay.shift() as Promise<Value>);
    }
  } finally {
    await Promise.allSettled(underWay);
  }
}
