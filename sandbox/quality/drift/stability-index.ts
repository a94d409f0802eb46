/** How many there are of each value, or of each combination of values, as one text. */
export type Counts = Readonly<Record<string, number>>;

/** How far apart two distributions of the same thing are. */
export interface Stability {
  /**
   * Population stability index, the sum of (new share - old share) * ln(new share / old share): 0 where nothing has
   * changed. By a rule of thumb, below 0.1 is little and above 0.25 is much (Lewis, "An Introduction to Credit Scoring", 1994).
   */
  readonly index: number;
  /** What two samples of one population have at most, but for one time in a thousand. */
  readonly noise: number;
  /** The value whose share has changed most, with both shares. */
  readonly most: { readonly value: string; readonly before: number; readonly now: number };
}

/** What is counted of a value beside those that are there: a share of 0 has no logarithm (Jeffreys' prior). */
const besides = 0.5;

/** Of the standard normal distribution: 1 in 1,000 is above. */
const normalQuantile = 3.0902;

/** Compares two counts. Values that one of them lacks are there 0 times; two that are empty are the same. */
export function stabilityOf(before: Counts, now: Counts): Stability {
  const values = [...new Set([...Object.keys(before), ...Object.keys(now)])].toSorted();
  const [totalBefore, totalNow] = [before, now].map((counts) =>
    Object.values(counts).reduce((sum, each) => sum + each, 0),
  );
  const sharesOf = (counts: Counts, total = 0) =>
    values.map(
      (value) =>
        ((Object.hasOwn(counts, value) ? (counts[value] as number) : 0) + besides) / (total + besides * values.length),
    );
  const [sharesBefore, sharesNow] = [sharesOf(before, totalBefore), sharesOf(now, totalNow)];
  let index = 0;
  let most = { value: '', before: 0, now: 0, part: -1 };
  for (const [place, value] of values.entries()) {
    const [old, recent] = [sharesBefore[place] as number, sharesNow[place] as number];
    const part = (recent - old) * Math.log(recent / old);
    index += part;
    if (part > most.part) most = { value, before: old, now: recent, part };
  }
  const { part: _, ...mostChanged } = most;
  return { index, noise: noiseOf(values.length, totalBefore, totalNow), most: mostChanged };
}

/**
 * Of two samples of one population the index is 1/n + 1/m times a chi-square value with one degree of freedom fewer than
 * there are values (Yurdakul and Naranjo, "Statistical Properties of the Population Stability Index", 2020): with 216 cells
 * and 1,000 rows it is above 0.25 by chance alone. Its quantile is that of Wilson and Hilferty, 1931.
 */
function noiseOf(values: number, before = 0, now = 0): number {
  const freedom = values - 1;
  if (freedom < 1 || before === 0 || now === 0) return 0;
  const spread = 2 / (9 * freedom);
  return freedom * (1 - spread + normalQuantile * Math.sqrt(spread)) ** 3 * (1 / before + 1 / now);
}
