import type { Fingerprint } from './engine.ts';

/** What became of the parts of a fingerprint. */
export interface FingerprintDifference {
  /** Parts that are not the same, sorted. Empty: the same data. */
  readonly different: readonly string[];
  /** Parts that differ, and in which something has expired by itself since: whether more than that is lost is unknown. */
  readonly expired: readonly string[];
}

/** Compares part by part. `nowMs` decides what may have expired. Default: the clock, read after both were taken. */
export function differenceOf(before: Fingerprint, after: Fingerprint, nowMs = Date.now()): FingerprintDifference {
  const names = [...new Set([...Object.keys(before.parts), ...Object.keys(after.parts)])].toSorted();
  const unlike = names.filter((name) => before.parts[name] !== after.parts[name]);
  const mayHaveExpired = (name: string) => nowMs >= (before.comparableUntilMs?.[name] ?? Number.POSITIVE_INFINITY);
  return {
    different: unlike.filter((name) => !mayHaveExpired(name)),
    expired: unlike.filter(mayHaveExpired),
  };
}
