/**
 * Values of commands that were sent together. Each is refused by itself, and what was refused is no value: a key that
 * nobody may look at is not one that is in order. Throws the first refusal.
 */
export function valuesOf(
  results: readonly (readonly [error: Error | null, value: unknown])[] | null,
): readonly unknown[] {
  return (results ?? []).map(([error, value]) => {
    if (error) throw error;
    return value;
  });
}

/** Masters of a cluster, by `CLUSTER INFO`; 1 where there is none. */
export function clusterSize(info: string): number {
  return Number(/^cluster_size:(\d+)/m.exec(info)?.[1] ?? 1);
}
