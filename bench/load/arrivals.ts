/** `constant`: evenly spaced; `poisson`: as of many clients that know nothing of each other. */
export type Arrivals = 'constant' | 'poisson';

export interface ArrivalOptions {
  readonly arrivals: Arrivals;
  readonly ratePerS: number;
  readonly durationMs: number;
  /** Of the gaps of `poisson`. */
  readonly seed: number;
}

/** Times at which requests are meant to be sent, in milliseconds from the start, ascending. */
export function* arrivalTimesMs({ arrivals, ratePerS, durationMs, seed }: ArrivalOptions): Generator<number> {
  const meanGapMs = 1_000 / ratePerS;
  if (arrivals === 'constant') {
    for (let index = 0; index * meanGapMs < durationMs; index += 1) yield index * meanGapMs;
    return;
  }
  const random = randomSource(seed);
  for (let atMs = 0; ; ) {
    atMs -= Math.log(1 - random()) * meanGapMs;
    if (atMs >= durationMs) return;
    yield atMs;
  }
}

/** Uniform numbers of [0, 1) from a seed: mulberry32, whose period of 2^32 is more than any run takes. */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
