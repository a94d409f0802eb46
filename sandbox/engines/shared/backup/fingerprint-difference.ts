import { nowMs as clockMs } from '../../../core/clock.ts';
import { sha256Of } from '../../../core/sha256-of.ts';
import type { Fingerprint } from '../../contract/data.ts';

/** What became of the parts of a fingerprint. */
export interface FingerprintDifference {
  /** Parts that are not the same, sorted. Empty: the same data. */
  readonly different: readonly string[];
  /** Parts that lack what had a lifetime which has passed, sorted. All else in them is the same. */
  readonly expired: readonly string[];
}

const nothing = sha256Of('');

/**
 * Compares part by part. What comes to the end of its lifetime by `nowMs` may have gone from either: that is no
 * difference. Whatever lives on must be there. Default: the clock, read after both were taken.
 */
export function differenceOf(before: Fingerprint, after: Fingerprint, nowMs = clockMs()): FingerprintDifference {
  const names = [...new Set([...Object.keys(before.parts), ...Object.keys(after.parts)])].toSorted();
  const unlike = names.filter((name) => before.parts[name] !== after.parts[name]);
  const hasExpired = (name: string) => isSameButForExpired(name, before, after, nowMs);
  return {
    different: unlike.filter((name) => !hasExpired(name)),
    expired: unlike.filter(hasExpired),
  };
}

function isSameButForExpired(name: string, before: Fingerprint, after: Fingerprint, nowMs: number): boolean {
  if (stayingOf(before, name) !== stayingOf(after, name)) return false;
  const [one, other] = [goingOf(before, name), goingOf(after, name)];
  const moments = new Set([...Object.keys(one), ...Object.keys(other)].map(Number));
  // A part that one of them lacks, an empty one too, is missing unless what was in it had a lifetime.
  if (moments.size === 0) return false;
  return [...moments].every((moment) => moment <= nowMs || one[moment] === other[moment]);
}

function stayingOf({ parts, expiring }: Fingerprint, name: string): string {
  return expiring?.[name]?.staying ?? parts[name] ?? nothing;
}

function goingOf({ expiring }: Fingerprint, name: string): Readonly<Record<number, string>> {
  return expiring?.[name]?.going ?? {};
}
