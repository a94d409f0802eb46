import { median } from 'simple-statistics';
import { withoutUndefined } from '../../sandbox/core/without-undefined.ts';
import type { PathCheck } from '../../sandbox/engines/contract/bench/query-path.ts';
import { datasetText } from '../environment.ts';
import type { BenchEnvironment, BenchReport, PathResult, RoundFigure } from '../results.ts';
import {
  atDifferentTimes,
  type Change,
  changeInTurns,
  changeOverTime,
  type Estimate,
  inTurns,
  judge,
  type Reading,
} from './compare-figures.ts';

/**
 * `interleaved`: both were measured in turns, so a pair is of one moment, and latencies are compared as they are.
 * `by-reference`: they were measured at different times; what the machine did meanwhile is taken out of each round's
 * latency by the yardstick that ran in turns with it.
 */
export type Pairing = 'interleaved' | 'by-reference';

/** One path before and after. */
export interface PathComparison {
  readonly engine: string;
  readonly path: string;
  /** Of what a tenth of the requests were faster than, in the quieter rounds. */
  readonly latency: Change;
  /** From 1. A path that seems to have changed is measured again. */
  readonly looks: number;
  /** Where the plan is another one, or no longer the expected one. */
  readonly plan?: Difference;
  /** Where the answer is another one, or wrong. */
  readonly answer?: Difference;
  /** Whether a gate should stop here, and why. */
  readonly failures: readonly string[];
}

interface Difference {
  readonly before: string;
  readonly after: string;
}

/** `sandbox bench compare --format json`. */
export interface Comparison {
  readonly version: 1;
  readonly before: string;
  readonly after: string;
  readonly pairing: Pairing;
  /** Whether latencies are judged: on the same kind of machine, with the same data. */
  readonly isJudged: boolean;
  /** A smaller change of latency is none. */
  readonly smallestChange: number;
  /** What else is different between the two runs; it may be the reason of every change. */
  readonly differences: readonly string[];
  readonly paths: readonly PathComparison[];
  /** Paths of one of the two alone. */
  readonly unpaired: readonly { readonly engine: string; readonly path: string; readonly only: 'before' | 'after' }[];
  readonly verdict: 'pass' | 'fail';
}

export interface Compared {
  readonly name: string;
  readonly report: BenchReport;
}

/** Compares path by path: latency over pairs of rounds, plan and answer. */
export function compareReports(before: Compared, after: Compared, pairing: Pairing): Comparison {
  const judged = isSameMachine(before.report.environment, after.report.environment);
  const rowsBefore = singleClientRows(before.report);
  const rowsAfter = singleClientRows(after.report);
  const matches = rowsAfter.flatMap((row) => {
    const match = rowsBefore.find((other) => isSameRow(row, other));
    return match === undefined ? [] : [{ before: match, after: row, looks: looksOf(after.report, row) }];
  });
  const estimates = matches.map(({ after: row, looks }) =>
    pairing === 'interleaved'
      ? changeInTurns(pairsOf(roundsOf(before.report, row), looks), inTurns.drift)
      : estimateOverTime(roundsOf(before.report, row), looks),
  );
  const judgement = pairing === 'interleaved' ? inTurns : atDifferentTimes;
  const changes = judge(estimates, judgement);
  const paths = matches.map((match, index) => comparePath(match, changes[index] as Change, judged));
  const without = (rows: readonly PathResult[], others: readonly PathResult[], only: 'before' | 'after') =>
    rows
      .filter((row) => !others.some((other) => isSameRow(row, other)))
      .map(({ engine, path }) => ({ engine, path, only }));
  return {
    version: 1,
    before: before.name,
    after: after.name,
    pairing,
    isJudged: judged,
    smallestChange: judgement.smallestChange,
    differences: [
      ...(judged ? [] : ['another machine or dataset: latencies are shown and not judged']),
      ...differencesOf(before.report.environment, after.report.environment),
      ...(pairing === 'by-reference' ? yardsticksOf(before.report, after.report) : []),
      ...rowsAfter.flatMap((row) =>
        uncheckedOf(
          rowsBefore.find((other) => isSameRow(row, other)),
          row,
        ),
      ),
    ],
    paths,
    unpaired: [...without(rowsBefore, rowsAfter, 'before'), ...without(rowsAfter, rowsBefore, 'after')],
    verdict: paths.some(({ failures }) => failures.length > 0) ? 'fail' : 'pass',
  };
}

function isSameMachine(before: BenchEnvironment, after: BenchEnvironment): boolean {
  return (
    before.processor === after.processor &&
    before.cores === after.cores &&
    before.dataset?.size === after.dataset?.size &&
    before.dataset?.seed === after.dataset?.seed
  );
}

/** Rows that rounds belong to. */
function singleClientRows({ paths }: BenchReport): readonly PathResult[] {
  return paths.filter(({ mode, clients, reference }) => mode === 'closed' && clients === 1 && reference !== undefined);
}

type Named = Pick<PathResult, 'engine' | 'path'>;

function isSame(left: Named, right: Named): boolean {
  return left.engine === right.engine && left.path === right.path;
}

/** A path whose reads were asked of other stores is another path. Runs that were saved before stores were named have none. */
function isSameRow(left: PathResult, right: PathResult): boolean {
  const [ofLeft, ofRight] = [left.stores, right.stores];
  if (ofLeft === undefined || ofRight === undefined) return isSame(left, right);
  return isSame(left, right) && Object.entries(ofLeft).every(([read, store]) => ofRight[read] === store);
}

function roundsOf({ rounds }: BenchReport, path: Named): readonly RoundFigure[] {
  return rounds.filter((round) => isSame(round, path));
}

function looksOf(report: BenchReport, path: Named): readonly (readonly RoundFigure[])[] {
  return [...Map.groupBy(roundsOf(report, path), ({ look = 0 }) => look).values()];
}

/** The two halves of a run that was looked at once: both must show what is to be an alarm. */
function parts<Value>(looks: readonly (readonly Value[])[]): readonly (readonly Value[])[] {
  const [only = [], ...others] = looks;
  const half = Math.ceil(only.length / 2);
  return others.length > 0 || only.length < 2 ? looks : [only.slice(0, half), only.slice(half)];
}

function estimateOverTime(
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
function pairsOf(
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

function yardsticksOf(before: BenchReport, after: BenchReport): readonly string[] {
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

function comparePath(
  {
    before,
    after,
    looks,
  }: { readonly before: PathResult; readonly after: PathResult; readonly looks: readonly object[] },
  latency: Change,
  judged: boolean,
): PathComparison {
  const plan = differenceOf(before.plan, after.plan);
  const answer = differenceOf(before.answer, after.answer);
  return {
    engine: after.engine,
    path: after.path,
    latency,
    looks: looks.length,
    ...withoutUndefined({ plan, answer }),
    failures: [
      ...(latency.verdict === 'slower' && judged ? [`slower by ${percent(latency.change)}`] : []),
      ...(plan === undefined ? [] : [`plan: ${plan.before} -> ${plan.after}`]),
      ...(answer === undefined ? [] : [`answer: ${answer.before} -> ${answer.after}`]),
    ],
  };
}

/** What could be checked in one of the two alone. */
function uncheckedOf(before: PathResult | undefined, after: PathResult): readonly string[] {
  if (before === undefined) return [];
  return (['plan', 'answer'] as const).flatMap((what) => {
    const [first, second] = [before[what], after[what]];
    if ((first.ok === null) === (second.ok === null)) return [];
    return [`${what} of ${after.path}: ${first.actual} -> ${second.actual}`];
  });
}

/** A change back to what is expected is none to stop at. */
function differenceOf(before: PathCheck, after: PathCheck): Difference | undefined {
  // What could not be checked, before or now, says nothing of a change: it is listed among the differences.
  if (after.ok === null || (before.ok === null && after.ok)) return undefined;
  if (after.ok && (before.actual === after.actual || !before.ok)) return undefined;
  return { before: before.actual, after: after.actual };
}

/** A share as people write it: `+12.3 %`. */
export function percent(share: number): string {
  return `${share < 0 ? '-' : '+'}${Math.abs(share * 100).toFixed(1)} %`;
}

function differencesOf(before: BenchEnvironment, after: BenchEnvironment): readonly string[] {
  const facts = (environment: BenchEnvironment): Readonly<Record<string, string>> => ({
    processor: `${environment.processor}, ${environment.cores} cores`,
    system: environment.system,
    'file system': environment.fileSystem,
    Node: environment.node,
    dataset: datasetText(environment),
    ...Object.fromEntries(Object.entries(environment.servers).map(([engine, server]) => [`${engine} server`, server])),
    ...Object.fromEntries(
      Object.entries(environment.serverSettings).flatMap(([engine, settings]) =>
        Object.entries(settings).map(([name, value]) => [`${engine} ${name}`, value]),
      ),
    ),
  });
  const first = facts(before);
  const second = facts(after);
  return Object.keys({ ...first, ...second })
    .filter((name) => name in first && name in second && first[name] !== second[name])
    .map((name) => `${name}: ${first[name]} -> ${second[name]}`);
}
