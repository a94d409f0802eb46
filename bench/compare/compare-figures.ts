import { errorFunction, median } from 'simple-statistics';

/** What a gate is to find: 20 %. */
export const changeToFind = 0.2;

/**
 * Chance that a look takes noise for a change, over all paths of a run together. Several looks make it more: below one run
 * in twenty by simulation (`test/bench/compare-figures.test.ts`).
 */
const familyError = 0.03;

/** Fewer rounds say nothing of noise. */
const leastRounds = 6;

/** The figure of a run is that of its quieter rounds: what others do on a machine only makes requests slower. */
const quietQuantile = 0.3;

/** Of the normal distribution: 95 %, two-sided. */
const confidentDeviations = 1.96;

/** How wrong the yardstick's share in a path is: by so much of what the yardstick changed (docs/measurements/benchmarks.md). */
const yardstickError = 0.05;

export interface Judgement {
  /** A smaller change is none. */
  readonly smallestChange: number;
  /** By how much figures of unchanged runs differ beyond what their rounds show: standard deviation, as a share. */
  readonly drift: number;
}

/** Both versions met the same machine. pgbench varies by 1.4 % back to back, redis-benchmark by 2 %. */
export const inTurns: Judgement = { smallestChange: 0.05, drift: 0.01 };

/** Runs of different times: docs/measurements/benchmarks.md has what was measured. */
export const atDifferentTimes: Judgement = { smallestChange: 0.1, drift: 0.01 };

/** One path in one round. */
export interface Reading {
  readonly latencyUs: number;
  /** Of the request that shows what the machine did meanwhile. */
  readonly yardstickUs: number;
}

/** A path in two runs. Looks are parts of the later run that have to agree. */
export interface Readings {
  readonly before: readonly Reading[];
  readonly looks: readonly (readonly Reading[])[];
}

interface Figure {
  readonly value: number;
  readonly spread: number;
  readonly rounds: number;
}

/** Logarithm of a change, and how far chance moves it. */
export interface Estimate {
  readonly change: number;
  readonly spread: number;
  /** Of each look alone, and on a machine that slows all work alike: all have to agree. */
  readonly views: readonly number[];
  readonly afterUs: number;
  readonly rounds: number;
}

export interface Change {
  /** As a share of what it was, from `beforeUs` to `afterUs`: 0.1 is ten per cent slower. */
  readonly change: number;
  /** Of 95 %. */
  readonly interval: readonly [number, number];
  /** As it would be on the machine that `afterUs` was measured on. */
  readonly beforeUs: number;
  readonly afterUs: number;
  /** Rounds after. */
  readonly rounds: number;
  /**
   * `slower` and `faster`: large enough, more than chance does to one of so many paths, and seen by every look.
   * `same`: none of that, and a change of 20 % can be ruled out. `unclear`: neither.
   */
  readonly verdict: 'slower' | 'faster' | 'same' | 'unclear' | 'too-few-rounds';
}

/**
 * The change between runs of different times. What the yardstick took in a round is taken out of the latency there: all
 * of it where the path costs as much as the yardstick, by the root of the ratio less where it costs more and more of it
 * is work of its own. Nothing where there are fewer rounds than {@link leastRounds}.
 */
export function changeOverTime({ before, looks }: Readings, drift: number): Estimate | undefined {
  const after = looks.flat();
  if (Math.min(before.length, after.length) < leastRounds) return undefined;
  const ratio = median([...before, ...after].map(({ latencyUs, yardstickUs }) => latencyUs / yardstickUs));
  const taken = Math.max(1, ratio) ** -0.5;
  const corrected = ({ latencyUs, yardstickUs }: Reading) => Math.log(latencyUs) - taken * Math.log(yardstickUs);
  const yardstickOf = ({ yardstickUs }: Reading) => Math.log(yardstickUs);
  const ratioOf = ({ latencyUs, yardstickUs }: Reading) => Math.log(latencyUs / yardstickUs);
  const [was, is] = [before, after].map((readings) => figureOf(readings.map(corrected), quietQuantile));
  if (was === undefined || is === undefined) throw new Error('both were measured');
  const machine = quietOf(after, yardstickOf) - quietOf(before, yardstickOf);
  return {
    change: is.value - was.value,
    spread: Math.hypot(spreadOfBoth(was, is), drift * Math.SQRT2, yardstickError * machine),
    views: [
      ...looks.map((look) => figureOf(look.map(corrected), quietQuantile).value - was.value),
      quietOf(after, ratioOf) - quietOf(before, ratioOf),
    ],
    afterUs: quietOf(after, latencyOf),
    rounds: after.length,
  };
}

/** The change between two that were measured in turns: `yardstickUs` is the latency of the earlier version. */
export function changeInTurns(looks: readonly (readonly Reading[])[], drift: number): Estimate | undefined {
  const pairs = looks.flat();
  if (pairs.length < leastRounds) return undefined;
  const ratios = (readings: readonly Reading[]) =>
    readings.map(({ latencyUs, yardstickUs }) => Math.log(latencyUs / yardstickUs));
  const { value, spread } = figureOf(ratios(pairs), 0.5);
  return {
    change: value,
    spread: Math.hypot(spread, drift),
    views: looks.map((look) => figureOf(ratios(look), 0.5).value),
    afterUs: quietOf(pairs, latencyOf),
    rounds: pairs.length,
  };
}

const latencyOf = ({ latencyUs }: Reading) => latencyUs;

function quietOf(readings: readonly Reading[], of: (reading: Reading) => number): number {
  return figureOf(readings.map(of), quietQuantile).value;
}

/** How far a run's own figure is told by its rounds: standard deviation of its logarithm. `undefined` with too few. */
export function ownSpread(readings: readonly Reading[]): number | undefined {
  const estimate = changeOverTime({ before: readings, looks: [readings] }, 0);
  return estimate && estimate.spread / Math.SQRT2;
}

/**
 * A quantile of the rounds and how far chance moves it, its standard deviation: of n values, as many are below it as a
 * binomial distribution says, and what lies between two deviations of that to both sides is four of its own. Nothing is
 * assumed of how the rounds are distributed.
 */
function figureOf(values: readonly number[], share: number): Figure {
  const sorted = [...values].sort((left, right) => left - right);
  const deviation = Math.sqrt((share * (1 - share)) / sorted.length);
  const at = (wanted: number) => between(sorted, Math.min(1, Math.max(0, wanted)));
  const spread = (at(share + 2 * deviation) - at(share - 2 * deviation)) / 4;
  return { value: at(share), spread, rounds: sorted.length };
}

/**
 * Of the difference. A few rounds tell their own spread badly, and of many paths one always has too small a one: each
 * run's is that of both runs together, if its own is not larger.
 */
function spreadOfBoth(...figures: readonly Figure[]): number {
  const rounds = figures.reduce((sum, figure) => sum + figure.rounds, 0);
  const ofOneRound = Math.sqrt(figures.reduce((sum, figure) => sum + (figure.spread * figure.rounds) ** 2, 0) / rounds);
  return Math.hypot(...figures.map((figure) => Math.max(figure.spread, ofOneRound / Math.sqrt(figure.rounds))));
}

/** Linear between two ranks: a step from one to the next would be no measure of spread. */
function between(sorted: readonly number[], share: number): number {
  const position = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(position)], sorted[Math.ceil(position)]];
  if (low === undefined || high === undefined) throw new Error('there are values');
  return low + (high - low) * (position - Math.floor(position));
}

/** Judges all paths of a run together: the more there are, the more one of them differs by chance (Holm's method). */
export function judge(
  estimates: readonly (Estimate | undefined)[],
  { smallestChange }: Pick<Judgement, 'smallestChange'>,
): readonly Change[] {
  const shown = beyondChance(estimates.filter((each) => each !== undefined));
  return estimates.map((estimate) => {
    if (estimate === undefined) {
      return { change: 0, interval: [0, 0], beforeUs: 0, afterUs: 0, rounds: 0, verdict: 'too-few-rounds' };
    }
    const { change, spread, afterUs, rounds } = estimate;
    const interval = [
      shareOf(change - confidentDeviations * spread),
      shareOf(change + confidentDeviations * spread),
    ] as const;
    return {
      change: shareOf(change),
      interval,
      beforeUs: rounded(afterUs / Math.exp(change)),
      afterUs: rounded(afterUs),
      rounds,
      verdict: verdictOf(estimate, { isShown: shown.has(estimate), interval, smallestChange }),
    };
  });
}

function verdictOf(
  { change, views }: Estimate,
  {
    isShown,
    interval: [low, high],
    smallestChange,
  }: { readonly isShown: boolean; readonly interval: readonly [number, number]; readonly smallestChange: number },
): Change['verdict'] {
  const isLarge = Math.abs(shareOf(change)) >= smallestChange;
  // Half of it: parts are noisier than the whole.
  const agree = views.every((view) => view * Math.sign(change) >= Math.log1p(smallestChange / 2));
  if (isLarge && isShown && agree) return change > 0 ? 'slower' : 'faster';
  const mayBeLarge = high >= changeToFind || low <= 1 / (1 + changeToFind) - 1;
  return isLarge || mayBeLarge ? 'unclear' : 'same';
}

/** Holm's step-down method: the n-th smallest probability against the error over what is left. */
function beyondChance(estimates: readonly Estimate[]): ReadonlySet<Estimate> {
  const chances = estimates
    .map((estimate) => ({
      estimate,
      chance: 1 - errorFunction(Math.abs(estimate.change) / estimate.spread / Math.SQRT2),
    }))
    .toSorted((left, right) => left.chance - right.chance);
  const end = chances.findIndex(({ chance }, index) => chance > familyError / (chances.length - index));
  return new Set(chances.slice(0, end === -1 ? chances.length : end).map(({ estimate }) => estimate));
}

function shareOf(logarithm: number): number {
  return Math.round((Math.exp(logarithm) - 1) * 1e4) / 1e4;
}

function rounded(us: number): number {
  return Math.round(us * 10) / 10;
}
