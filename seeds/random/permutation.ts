/**
 * A fixed order of the numbers from 0 to `count - 1` that needs no memory: `rank` to number.
 * The step is near the golden section of `count` and has no divisor in common with it, so each number comes once and
 * neighbours in rank lie far apart.
 */
export function spreadRank(rank: number, count: number): number {
  return ((rank % count) * stepOf(count) + (count >>> 1)) % count;
}

const steps = new Map<number, number>();

function stepOf(count: number): number {
  let step = steps.get(count);
  if (step === undefined) {
    step = Math.max(1, Math.floor((count * 618) / 1_000));
    while (greatestCommonDivisor(step, count) !== 1) step += 1;
    steps.set(count, step);
  }
  return step;
}

function greatestCommonDivisor(left: number, right: number): number {
  return right === 0 ? left : greatestCommonDivisor(right, left % right);
}
