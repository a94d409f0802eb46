import { withoutUndefined } from '../../sandbox/core/without-undefined.ts';
import type { PathCheck } from '../../sandbox/engines/contract/bench/query-path.ts';
import { datasetText } from '../environment.ts';
import type { BenchEnvironment, BenchReport, PathNotRun, PathResult } from '../results.ts';
import { atDifferentTimes, type Change, changeInTurns, inTurns, judge } from './compare-figures.ts';
import { estimateOverTime, isSameRow, looksOf, pairsOf, roundsOf, yardsticksOf } from './rounds-of-reports.ts';

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

/** A path that was measured before or after alone. */
interface UnpairedPath {
  readonly engine: string;
  readonly path: string;
  readonly only: 'before' | 'after';
  /** Why it could not be run any more: a gate stops here. Absent where nobody asked for it. */
  readonly notRun?: string;
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
  readonly unpaired: readonly UnpairedPath[];
  readonly verdict: 'pass' | 'fail';
}

export interface Compared {
  readonly name: string;
  readonly report: BenchReport;
  /** What was measured before that, of the same name: a path of it may be in neither of the two any more. */
  readonly saved?: BenchReport;
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
  const unpaired = unpairedOf(before, after.report);
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
    unpaired,
    // Where nothing could be compared nobody knows, which is no pass.
    verdict:
      paths.length === 0 ||
      paths.some(({ failures }) => failures.length > 0) ||
      unpaired.some(({ notRun }) => notRun !== undefined)
        ? 'fail'
        : 'pass',
  };
}

function unpairedOf({ report: before, saved = before }: Compared, after: BenchReport): readonly UnpairedPath[] {
  const [rowsBefore, rowsSaved, rowsAfter] = [before, saved, after].map(singleClientRows) as [Rows, Rows, Rows];
  const reasonOf = ({ engine, path }: Named) =>
    after.notRun.find((each) => each.engine === engine && each.path === path && !isLeftOut(each))?.reason;
  const gone = without(rowsBefore, rowsAfter, isSameRow).map((row) => ({ ...row, notRun: reasonOf(row) }));
  // Of a run beside this one, what neither of the two could run is in the saved one alone.
  const goneFromBoth = without(rowsSaved, [...rowsBefore, ...rowsAfter], isSameName)
    .map((row) => ({ ...row, notRun: reasonOf(row) }))
    .filter(({ notRun }) => notRun !== undefined);
  return [
    ...[...gone, ...goneFromBoth].map(({ engine, path, notRun }) => {
      return { engine, path, only: 'before' as const, ...withoutUndefined({ notRun }) };
    }),
    ...without(rowsAfter, rowsBefore, isSameRow).map(({ engine, path }) => ({ engine, path, only: 'after' as const })),
  ];
}

/** Runs of earlier releases say it in the reason alone. */
function isLeftOut({ isLeftOut: isSaid, reason }: PathNotRun): boolean {
  return isSaid ?? /, which (is|are) not measured here$/.test(reason);
}

type Rows = readonly PathResult[];

type Named = Pick<PathResult, 'engine' | 'path'>;

const isSameName = (left: Named, right: Named) => left.engine === right.engine && left.path === right.path;

function without(rows: Rows, others: Rows, isSame: (left: PathResult, right: PathResult) => boolean): Rows {
  return rows.filter((row) => !others.some((other) => isSame(row, other)));
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
