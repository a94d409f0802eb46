import { median, quantile, sampleWithReplacement } from 'simple-statistics';
import { randomSource } from './arrivals.ts';

/** A smaller change is none: pgbench alone varies by 1.4 % back to back, redis-benchmark by 2 %. */
export const smallestChange = 0.05;

/** Fewer pairs say nothing of noise. */
export const leastPairs = 6;

const confidence = 0.99;
const resamples = 2_000;

export interface Pair {
  readonly before: number;
  readonly after: number;
}

/** A change of latency as a share of what it was: 0.1 is ten per cent slower. */
export interface Change {
  readonly change: number;
  /** Of 99 %, by bootstrap over the pairs. */
  readonly interval: readonly [number, number];
  readonly pairs: number;
  /**
   * `slower` and `faster` are at least 5 %, with an interval that excludes zero. `unclear`: neither, and the interval
   * is so wide that a change of 5 % could hide in it.
   */
  readonly verdict: 'slower' | 'faster' | 'same' | 'unclear' | 'too-few-pairs';
}

/**
 * The median change over pairs, with a percentile-bootstrap interval (simple-statistics). The median: a pair during
 * which somebody else had the machine is then one vote, not a weight. `seed` makes the resampling repeatable.
 */
export function compareFigures(pairs: readonly Pair[], seed = 1): Change {
  const ratios = pairs
    .filter(({ before, after }) => before > 0 && after > 0)
    .map(({ before, after }) => Math.log(after / before));
  if (ratios.length < leastPairs) {
    return { change: 0, interval: [0, 0], pairs: ratios.length, verdict: 'too-few-pairs' };
  }
  const random = randomSource(seed);
  const medians = Array.from({ length: resamples }, () => median(sampleWithReplacement(ratios, ratios.length, random)));
  const share = (logarithm: number) => Math.round((Math.exp(logarithm) - 1) * 1e4) / 1e4;
  const change = share(median(ratios));
  const interval = [
    share(quantile(medians, (1 - confidence) / 2)),
    share(quantile(medians, (1 + confidence) / 2)),
  ] as const;
  return { change, interval, pairs: ratios.length, verdict: verdictOf(change, interval) };
}

function verdictOf(change: number, [low, high]: readonly [number, number]): Change['verdict'] {
  if (change >= smallestChange && low > 0) return 'slower';
  if (change <= -smallestChange && high < 0) return 'faster';
  return high >= smallestChange || low <= -smallestChange ? 'unclear' : 'same';
}
