import { describe, expect, test } from 'vitest';
import { randomSource } from '../../bench/arrivals.ts';
import { compareFigures, type Pair } from '../../bench/compare-figures.ts';

const seed = Number(process.env.SANDBOX_TEST_SEED ?? Date.now() % 1e6);
const runs = 20;

/**
 * Twenty-four pairs as a shared machine gives them: the machine drifts from pair to pair by a few per cent, each figure has
 * noise of its own, and in one of twenty somebody else takes half of the machine.
 */
function simulatedPairs(slowdown: number, random: () => number): readonly Pair[] {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  let drift = 0;
  const figure = (factor: number) =>
    100 * factor * Math.exp(drift + 0.025 * normal()) * (random() < 0.05 ? 1.3 + random() : 1);
  return Array.from({ length: 24 }, () => {
    drift += 0.05 * normal();
    return { before: figure(1), after: figure(1 + slowdown) };
  });
}

const isAlarm = (verdict: string) => verdict === 'slower' || verdict === 'faster';

function verdicts(slowdown: number, ofSeed: number) {
  const random = randomSource(ofSeed);
  return Array.from({ length: runs }, () => compareFigures(simulatedPairs(slowdown, random)).verdict);
}

describe(`SANDBOX_TEST_SEED=${seed}`, () => {
  test('a slowdown of 10 % is found in at least 19 of 20 runs', () => {
    expect(verdicts(0.1, seed).filter((verdict) => verdict === 'slower').length).toBeGreaterThanOrEqual(19);
  });

  test('the same against the same raises at most one alarm in 20 runs', () => {
    expect(verdicts(0, seed).filter(isAlarm).length).toBeLessThanOrEqual(1);
  });
});

test('over forty groups of runs, both hold nearly always', () => {
  const groups = Array.from({ length: 40 }, (_, index) => index + 1);
  const found = groups.filter((each) => verdicts(0.1, each).filter((verdict) => verdict === 'slower').length >= 19);
  const quiet = groups.filter((each) => verdicts(0, each).filter(isAlarm).length <= 1);
  expect({ found: found.length >= 39, quiet: quiet.length }).toEqual({ found: true, quiet: 40 });
});

test('a change below 5 % is none, however sure', () => {
  const pairs = Array.from({ length: 40 }, () => ({ before: 100, after: 104 }));
  expect(compareFigures(pairs)).toMatchObject({ change: 0.04, interval: [0.04, 0.04], verdict: 'same' });
});

test('a change whose interval holds zero is none, however large', () => {
  const after = [150, 150, 150, 150, 150, 150, 150, 90, 90, 90, 90, 90];
  expect(compareFigures(after.map((each) => ({ before: 100, after: each })))).toMatchObject({
    change: 0.5,
    verdict: 'unclear',
  });
});

test('one mad pair changes nothing', () => {
  const after = [101, 99, 100, 102, 98, 100, 101, 99, 100, 100, 100, 5_000];
  expect(compareFigures(after.map((each) => ({ before: 100, after: each }))).verdict).toBe('same');
});

test('few pairs are not judged', () => {
  expect(compareFigures([{ before: 1, after: 2 }])).toMatchObject({ verdict: 'too-few-pairs', pairs: 1 });
});
