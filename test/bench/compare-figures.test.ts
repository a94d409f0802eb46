import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  atDifferentTimes,
  type Change,
  changeInTurns,
  changeOverTime,
  inTurns,
  judge,
  type Reading,
} from '../../bench/compare/compare-figures.ts';
import { type Comparison, compareReports } from '../../bench/compare/compare-reports.ts';
import { doubtfulOf, lookUntilClear, unsettledOf } from '../../bench/compare/looks.ts';
import { randomSource } from '../../bench/load/arrivals.ts';
import type { BenchReport, RoundFigure } from '../../bench/results.ts';
import { madeUpReport } from './support/reports.ts';

/** What was measured on two cores that others wanted, and left alone (docs/measurements/benchmarks.md). Shares, standard deviations. */
interface Noise {
  /** Of a path's rounds, beyond what the yardstick shows. */
  readonly rounds: number;
  /** Of whole runs, beyond what their rounds show. */
  readonly runs: number;
  /** Share of the rounds in which others had the cores, and how much longer requests took then. */
  readonly hindered: number;
  readonly longer: number;
  /** Of the machine from run to run, which path and yardstick both see. */
  readonly machine: number;
  /** Of how much of that a path sees, beside what is taken out for it. */
  readonly seen: number;
}

const busy: Noise = { rounds: 0.1, runs: 0.01, hindered: 0.25, longer: 4, machine: 0.2, seen: 0.05 };
const quiet: Noise = { rounds: 0.03, runs: 0.01, hindered: 0.03, longer: 2, machine: 0.05, seen: 0.05 };

const paths = 28;
const roundsOfLook = 24;
const runs = 100;

/** Of a path and its yardstick, microseconds: half of a path of 1.5 yardsticks is work that the machine slows less. */
const pathUs = 150;
const yardstickUs = 100;
const sensitivity = (pathUs / yardstickUs) ** -0.5;

type Random = () => number;

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A path in one run, round by round, `factor` times slower. The machine is that of the run. */
function simulatedRun(noise: Noise, { machine, seen }: { machine: number; seen: number }, random: Random) {
  const own = noise.runs * normal(random);
  return (factor: number): readonly Reading[] =>
    Array.from({ length: roundsOfLook }, () => {
      const hindered = random() < noise.hindered ? Math.log(1 + random() * noise.longer) : 0;
      const meanwhile = machine + hindered;
      return {
        latencyUs: pathUs * factor * Math.exp(own + seen * meanwhile + noise.rounds * normal(random)),
        yardstickUs: yardstickUs * Math.exp(meanwhile),
      };
    });
}

/** A saved run and a later one, as `bench --save` and `bench --against` make them. */
async function wholeRun(noise: Noise, slowdowns: readonly number[], random: Random): Promise<Comparison> {
  const nameOf = (index: number) => `path ${index}`;
  const seen = slowdowns.map(() => sensitivity + noise.seen * normal(random));
  const report = madeUpReport(Object.fromEntries(slowdowns.map((_, index) => [nameOf(index), { p50Us: pathUs }])));
  const target = (isSlowed: boolean) => {
    const machine = noise.machine * normal(random);
    const looks = slowdowns.map((slowdown, index) => ({
      look: simulatedRun(noise, { machine, seen: seen[index] as number }, random),
      factor: isSlowed ? 1 + slowdown : 1,
    }));
    return async (named?: readonly string[]): Promise<readonly BenchReport[]> => [
      {
        ...report,
        rounds: looks.flatMap(({ look, factor }, index) =>
          named === undefined || named.includes(nameOf(index)) ? roundsOf(nameOf(index), look(factor)) : [],
        ),
      },
    ];
  };
  const [before] = await lookUntilClear(target(false), ([saved]) => unsettledOf(saved as BenchReport));
  const compare = (after: BenchReport | undefined) =>
    compareReports(
      { name: 'before', report: before as BenchReport },
      { name: 'after', report: after as BenchReport },
      'by-reference',
    );
  const [after] = await lookUntilClear(target(true), ([now]) => doubtfulOf(compare(now)));
  return compare(after);
}

function roundsOf(path: string, readings: readonly Reading[]): readonly RoundFigure[] {
  return readings.map(({ latencyUs, yardstickUs: p10 }, round) => ({
    engine: 'redis',
    path,
    round,
    samples: 1_000,
    p10Us: latencyUs,
    p50Us: latencyUs * 1.2,
    p90Us: latencyUs * 2,
    referenceP50Us: p10 * 1.2,
    yardstickP10Us: p10,
  }));
}

const isAlarm = (verdict: string) => verdict === 'slower' || verdict === 'faster';

async function wholeRuns(noise: Noise, slowdowns: readonly number[], seed: number): Promise<readonly Comparison[]> {
  const random = randomSource(seed);
  const compared: Comparison[] = [];
  for (let run = 0; run < runs; run += 1) compared.push(await wholeRun(noise, slowdowns, random));
  return compared;
}

const verdictOf = ({ paths: [first] }: Comparison) => first?.latency.verdict;

describe.each([
  ['a busy machine', busy],
  ['a quiet machine', quiet],
])('on %s, over whole runs of all paths', (_, noise) => {
  const unchanged = Array<number>(paths).fill(0);

  test('at most one of twenty unchanged runs raises an alarm on any of its paths', async () => {
    const compared = await wholeRuns(noise, unchanged, 1);
    const alarms = compared.filter((run) => run.paths.some(({ latency }) => isAlarm(latency.verdict)));
    expect(alarms.length).toBeLessThanOrEqual(runs / 20);
  });

  test('at least nineteen of twenty slowdowns of one path by 20 % are found', async () => {
    const compared = await wholeRuns(noise, unchanged.with(0, 0.2), 2);
    expect(compared.filter((run) => verdictOf(run) === 'slower').length).toBeGreaterThanOrEqual((runs * 19) / 20);
  });
});

const us = fc.double({ min: 50, max: 5_000, noNaN: true });
const readings = fc.array(fc.record({ latencyUs: us, yardstickUs: us }), { minLength: 1, maxLength: 30 });
const anyRounds = fc.record({ before: readings, looks: fc.array(readings, { minLength: 1, maxLength: 3 }) });

test('no verdict contradicts the figures shown, whatever the rounds were', () => {
  fc.assert(
    fc.property(fc.array(anyRounds, { minLength: 1, maxLength: 6 }), (paths) => {
      const estimates = paths.map(({ before, looks }) => changeOverTime({ before, looks }, atDifferentTimes.drift));
      for (const { verdict, beforeUs, afterUs, change } of judge(estimates, atDifferentTimes)) {
        if (verdict === 'slower') expect([afterUs > beforeUs, change >= 0.1]).toEqual([true, true]);
        if (verdict === 'faster') expect([afterUs < beforeUs, change <= -0.09]).toEqual([true, true]);
        if (verdict !== 'too-few-rounds') expect(afterUs / beforeUs - 1).toBeCloseTo(change, 1);
      }
    }),
    { seed: Number(process.env.SANDBOX_TEST_SEED ?? Date.now() % 1e6) },
  );
});

/** Twenty-four rounds with a percent of noise to both sides. */
function steady(latencyUs: number, yardstickUs = 100): readonly Reading[] {
  return Array.from({ length: 24 }, (_, round) => ({
    latencyUs: latencyUs * (1 + ((round % 3) - 1) / 100),
    yardstickUs,
  }));
}

function judged(before: readonly Reading[], ...looks: readonly (readonly Reading[])[]): Change | undefined {
  return judge([changeOverTime({ before, looks }, atDifferentTimes.drift)], atDifferentTimes)[0];
}

describe('a path', () => {
  test('is slower or faster where every look says so, by the figures that are shown', () => {
    expect(judged(steady(200), steady(240), steady(244))).toMatchObject({ verdict: 'slower', rounds: 48 });
    expect(judged(steady(200), steady(160), steady(162))).toMatchObject({ verdict: 'faster' });
    expect(judged(steady(200), steady(300), steady(201))?.verdict).not.toBe('slower');
  });

  test('is the same on a machine that is slower for the yardstick too, and slower where the yardstick is not', () => {
    expect(judged(steady(100), steady(150, 150))).toMatchObject({ verdict: 'same', change: 0 });
    expect(judged(steady(100), steady(150))).toMatchObject({ verdict: 'slower', change: 0.5 });
  });

  test('has not changed by less than a tenth, however sure', () => {
    expect(judged(steady(200), steady(216))).toMatchObject({ verdict: 'same', change: 0.08 });
  });

  test('is unclear where a change of 20 % could hide, and is not judged by a few rounds', () => {
    const wild = Array.from({ length: 24 }, (_, round) => ({ latencyUs: 100 * 4 ** (round % 5), yardstickUs: 100 }));
    expect(judged(wild, wild)).toMatchObject({ verdict: 'unclear', change: 0 });
    expect(judged(steady(200).slice(0, 5), steady(400))).toMatchObject({ verdict: 'too-few-rounds' });
  });

  test('is moved by no mad round', () => {
    expect(judged(steady(200), [...steady(200), { latencyUs: 90_000, yardstickUs: 100 }])?.verdict).toBe('same');
  });

  test('of two versions that were measured in turns is judged from 5 % on', () => {
    const turns = (share: number) => steady(200 * (1 + share)).map((each) => ({ ...each, yardstickUs: 200 }));
    const verdictOfTurns = (share: number) =>
      judge([changeInTurns([turns(share)], inTurns.drift)], inTurns)[0]?.verdict;
    expect([0, 0.03, 0.08, -0.08].map(verdictOfTurns)).toEqual(['same', 'same', 'slower', 'faster']);
  });
});
