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

/** `db0:keys=10,expires=8,...` of each database: keys without a lifetime are the difference. */
export function keysThatStay(info: string): readonly { readonly database: number; readonly count: number }[] {
  return [...info.matchAll(/^db(\d+):keys=(\d+),expires=(\d+)/gm)].map(([, database, keys, expires]) => ({
    database: Number(database),
    count: Number(keys) - Number(expires),
  }));
}
