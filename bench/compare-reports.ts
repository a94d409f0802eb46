import type { PathCheck } from '../sandbox/engines/query-path.ts';
import { type Change, compareFigures } from './compare-figures.ts';
import { datasetText } from './environment.ts';
import type { BenchEnvironment, BenchReport, PathResult, RoundFigure } from './results.ts';

/**
 * `interleaved`: both were measured in turns, so a pair is of one moment, and latencies are compared as they are.
 * `by-reference`: they were measured at different times; each round's latency is taken relative to the bare driver
 * loop that ran in turns with it, which takes out what the machine did meanwhile.
 */
export type Pairing = 'interleaved' | 'by-reference';

/** One path before and after. */
export interface PathComparison {
  readonly engine: string;
  readonly path: string;
  /** Of the median latency. */
  readonly latency: Change;
  readonly beforeP50Us: number;
  readonly afterP50Us: number;
  readonly beforeP99Us: number;
  readonly afterP99Us: number;
  /** Where the plan is another one, or no longer the expected one. */
  readonly plan?: Difference;
  /** Where the answer is another one, or wrong. */
  readonly answer?: Difference;
  /** Whether a gate should stop here, and why. */
  readonly failures: readonly string[];
}

export interface Difference {
  readonly before: string;
  readonly after: string;
}

/** `sandbox bench compare --format json`. */
export interface Comparison {
  readonly version: 1;
  readonly before: string;
  readonly after: string;
  readonly pairing: Pairing;
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
  const paths = rowsAfter.flatMap((row) => {
    const match = rowsBefore.find((other) => isSame(row, other));
    return match === undefined ? [] : [comparePath(match, row, { before, after, pairing, judged })];
  });
  const without = (rows: readonly PathResult[], others: readonly PathResult[], only: 'before' | 'after') =>
    rows
      .filter((row) => !others.some((other) => isSame(row, other)))
      .map(({ engine, path }) => ({ engine, path, only }));
  return {
    version: 1,
    before: before.name,
    after: after.name,
    pairing,
    differences: [
      ...(judged ? [] : ['another machine or dataset: latencies are shown and not judged']),
      ...differencesOf(before.report.environment, after.report.environment),
      ...rowsAfter.flatMap((row) =>
        uncheckedOf(
          rowsBefore.find((other) => isSame(row, other)),
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

function comparePath(
  before: PathResult,
  after: PathResult,
  context: { readonly before: Compared; readonly after: Compared; readonly pairing: Pairing; readonly judged: boolean },
): PathComparison {
  const figure = ({ p50Us, referenceP50Us }: RoundFigure) =>
    context.pairing === 'interleaved' ? p50Us : p50Us / referenceP50Us;
  const roundsOf = ({ report }: Compared) => report.rounds.filter((round) => isSame(round, after));
  const second = roundsOf(context.after);
  const pairs = roundsOf(context.before).flatMap((round) => {
    const match = second.find((other) => other.round === round.round);
    return match === undefined ? [] : [{ before: figure(round), after: figure(match) }];
  });
  const latency = compareFigures(pairs);
  const plan = differenceOf(before.plan, after.plan);
  const answer = differenceOf(before.answer, after.answer);
  return {
    engine: after.engine,
    path: after.path,
    latency,
    beforeP50Us: before.p50Us,
    afterP50Us: after.p50Us,
    beforeP99Us: before.p99Us,
    afterP99Us: after.p99Us,
    ...(plan === undefined ? {} : { plan }),
    ...(answer === undefined ? {} : { answer }),
    failures: [
      ...(latency.verdict === 'slower' && context.judged ? [`slower by ${percent(latency.change)}`] : []),
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
