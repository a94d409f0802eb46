import { median } from 'simple-statistics';
import type { BenchReport, PathResult, RoundFigure } from '../results.ts';
import { atDifferentTimes, changeOverTime, type Estimate, type Reading } from './compare-figures.ts';

type Named = Pick<PathResult, 'engine' | 'path'>;

function isSame(left: Named, right: Named): boolean {
  return left.engine === right.engine && left.path === right.path;
}

/** A path whose reads were asked of other stores is another path. Runs that were saved before stores were named have none. */
export function isSameRow(left: PathResult, right: PathResult): boolean {
  const [ofLeft, ofRight] = [left.stores, right.stores];
  if (ofLeft === undefined || ofRight === undefined) return isSame(left, right);
  return isSame(left, right) && Object.entries(ofLeft).every(([read, store]) => ofRight[read] === store);
}

export function roundsOf({ rounds }: BenchReport, path: Named): readonly RoundFigure[] {
  return rounds.filter((round) => isSame(round, path));
}

export function looksOf(report: BenchReport, path: Named): readonly (readonly RoundFigure[])[] {
  return [...Map.groupBy(roundsOf(report, path), ({ look = 0 }) => look).values()];
}

/** The two halves of a run that was looked at once: both must show what is to be an alarm. */
function parts<Value>(looks: readonly (readonly Value[])[]): readonly (readonly Value[])[] {
  const [only = [], ...others] = looks;
  const half = Math.ceil(only.length / 2);
  return others.length > 0 || only.length < 2 ? looks : [only.slice(0, half), only.slice(half)];
}

export function estimateOverTime(
  before: readonly RoundFigure[],
  looks: readonly (readonly RoundFigure[])[],
): Estimate | undefined {
  // A run that 0.1 has saved has medians alone.
  const hasTenths = [...before, ...looks.flat()].every(({ p10Us, yardstickP10Us }) => p10Us && yardstickP10Us);
  const readings = (rounds: readonly RoundFigure[]) => toReadings(rounds, hasTenths);
  return changeOverTime({ before: readings(before), looks: parts(looks.map(readings)) }, atDifferentTimes.drift);
}

function toReadings(rounds: readonly RoundFigure[], hasTenths: boolean): readonly Reading[] {
  return rounds
    .map(({ p10Us = 0, yardstickP10Us = 0, p50Us, referenceP50Us }) =>
      hasTenths ? { latencyUs: p10Us, yardstickUs: yardstickP10Us } : { latencyUs: p50Us, yardstickUs: referenceP50Us },
    )
    .filter(({ latencyUs, yardstickUs }) => latencyUs > 0 && yardstickUs > 0);
}

/** Rounds of a path in a run that was just made. */
export function readingsOf(report: BenchReport, path: Named): readonly Reading[] {
  return toReadings(roundsOf(report, path), true);
}

/** Rounds of the same number are of the same moment. */
export function pairsOf(
  before: readonly RoundFigure[],
  looks: readonly (readonly RoundFigure[])[],
): readonly (readonly Reading[])[] {
  const latencyOf = ({ p10Us, p50Us }: RoundFigure) => p10Us ?? p50Us;
  return parts(
    looks.map((look) =>
      look.flatMap((round) => {
        const match = before.find((other) => other.round === round.round && other.look === round.look);
        const pair = match && { latencyUs: latencyOf(round), yardstickUs: latencyOf(match) };
        return pair !== undefined && pair.latencyUs > 0 && pair.yardstickUs > 0 ? [pair] : [];
      }),
    ),
  );
}

/** A machine, a driver or a whole server that is another by so much is worth a line: it is taken out of the changes. */
const toldOfYardstick = 0.2;

export function yardsticksOf(before: BenchReport, after: BenchReport): readonly string[] {
  const usOf = ({ rounds }: BenchReport, engine: string) => {
    const readings = toReadings(
      rounds.filter((round) => round.engine === engine),
      true,
    );
    return readings.length === 0 ? undefined : median(readings.map(({ yardstickUs }) => yardstickUs));
  };
  return [...new Set(after.rounds.map(({ engine }) => engine))].flatMap((engine) => {
    const [was, is] = [usOf(before, engine), usOf(after, engine)];
    if (was === undefined || is === undefined || Math.abs(Math.log(is / was)) < Math.log1p(toldOfYardstick)) return [];
    return [
      `${engine}: machine, driver or server: a request that depends on no data took ${Math.round(was)} us, now ${Math.round(is)} us; ` +
        '`before` has that in it',
    ];
  });
}
