import type { Random } from './random.ts';

/** Multiples of an eighth: their powers are square roots alone, which IEEE 754 fixes to the last bit. */
export type ZipfExponent = 0.75 | 0.875 | 1 | 1.25;

/** Ranks whose probability falls with (rank + 1)^-exponent. */
export interface Zipf {
  readonly count: number;
  /** A rank from 0 to `count - 1`; 0 is the most frequent. */
  readonly sample: (random: Random) => number;
  /** Entries of the table: one for each rank, or for a block of neighbouring ranks where there are very many. */
  readonly entries: number;
  readonly entryOf: (rank: number) => number;
  /** First rank of an entry; of the one after the last, `count`. */
  readonly firstRankOf: (entry: number) => number;
  /** Share of the ranks before this one, 0 to 1. */
  readonly shareBefore: (rank: number) => number;
}

/** Ranks that have an entry of their own. Those after them share at most as many entries: 1 MB at any count. */
const exactRanks = 65_536;

/**
 * Zipf's law over ranks from 0 to `count - 1`, by a search in a table of cumulative shares.
 * Libraries that draw from it call `Math.pow` or reject and draw again: the first is not the same to the last bit
 * everywhere, the second makes rows cost different amounts. `count` is at least 1.
 */
export function createZipf(count: number, exponent: ZipfExponent): Zipf {
  const blockRanks = Math.max(1, Math.ceil((count - exactRanks) / exactRanks));
  const entries = count <= exactRanks ? count : exactRanks + Math.ceil((count - exactRanks) / blockRanks);
  const firstRankOf = (entry: number) =>
    entry <= exactRanks ? entry : Math.min(count, exactRanks + (entry - exactRanks) * blockRanks);
  const entryOf = (rank: number) =>
    rank <= exactRanks ? rank : exactRanks + Math.floor((rank - exactRanks) / blockRanks);
  // before[entry] is the weight of all entries before it; the last is the weight of all.
  const before = new Float64Array(entries + 1);
  for (let entry = 0; entry < entries; entry += 1) {
    let weight = 0;
    for (let rank = firstRankOf(entry); rank < firstRankOf(entry + 1); rank += 1) weight += weightOf(rank, exponent);
    before[entry + 1] = (before[entry] as number) + weight;
  }
  const total = before[entries] as number;

  return {
    count,
    entries,
    entryOf,
    firstRankOf,
    sample: (random) => {
      const entry = lastAtMost(before, random.float() * total, entries);
      const [first, next] = [firstRankOf(entry), firstRankOf(entry + 1)];
      return next - first === 1 ? first : first + random.int(next - first);
    },
    shareBefore: (rank) => {
      const entry = entryOf(rank);
      const [first, next] = [firstRankOf(entry), firstRankOf(entry + 1)];
      const [low, high] = [before[entry] as number, before[Math.min(entry + 1, entries)] as number];
      return (low + (next === first ? 0 : ((high - low) * (rank - first)) / (next - first))) / total;
    },
  };
}

/** Index of the last value that is at most `wanted`, among the first `count` of rising values that begin with 0. */
export function lastAtMost(values: ArrayLike<number>, wanted: number, count: number): number {
  let low = 0;
  let high = count;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((values[middle] as number) <= wanted) low = middle;
    else high = middle;
  }
  return low;
}

/** (rank + 1)^-exponent. */
function weightOf(rank: number, exponent: ZipfExponent): number {
  const whole = rank + 1;
  const half = Math.sqrt(whole);
  const quarter = Math.sqrt(half);
  switch (exponent) {
    case 0.75:
      return 1 / (half * quarter);
    case 0.875:
      return 1 / (half * quarter * Math.sqrt(quarter));
    case 1:
      return 1 / whole;
    case 1.25:
      return 1 / (whole * quarter);
  }
}

/** `wanted` different ranks other than `without`. There must be more ranks than that; rare ones take some more draws. */
export function sampleDifferent(zipf: Zipf, wanted: number, random: Random, without?: number): readonly number[] {
  const found = new Set<number>();
  while (found.size < wanted) {
    const rank = zipf.sample(random);
    if (rank !== without) found.add(rank);
  }
  return [...found];
}
