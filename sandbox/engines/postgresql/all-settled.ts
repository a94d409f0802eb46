/** All results, or the first error once all have ended: nothing works on in what is given up. */
export async function allSettled<Value>(work: readonly Promise<Value>[]): Promise<Value[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
