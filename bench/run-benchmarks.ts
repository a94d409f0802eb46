import { type ProgressListener, runTask, silent } from '../sandbox/core/progress.ts';
import type { Dataset } from '../seeds/dataset.ts';
import type { BenchTarget } from './bench-target.ts';
import { excuseChangedData, type FailedSubject } from './compare/changed-data.ts';
import { watchEnvironment } from './environment.ts';
import type { Arrivals } from './load/arrivals.ts';
import type { MeasuredSubject } from './measure/conclude.ts';
import { type FullResult, measureFully } from './measure/measure-fully.ts';
import { measureRounds, type Timing } from './measure/measure-rounds.ts';
import { withObjective } from './measure/objectives.ts';
import { enginesWithoutPaths, pathsWithoutStores } from './measure/paths-not-run.ts';
import { withSubjects } from './measure/prepared-subjects.ts';
import { shareReads } from './measure/shared-reads.ts';
import { choosePaths, runnable, type Subject } from './measure/subjects.ts';
import type { BenchEnvironment, BenchReport, PathNotRun } from './results.ts';

/** Which paths are measured, for how long, and with how many clients. */
export interface MeasureOptions {
  /** Names of query paths, for example `cached user`. Default: all of these engines. */
  readonly paths?: readonly string[];
  /** The first part of every load, which is discarded, in milliseconds. Default: 250. */
  readonly warmUpMs?: number;
  /**
   * Time for a path and its reference together, in all rounds, and for each further load, in milliseconds. Default: 1,000.
   */
  readonly measureMs?: number;
  /** All paths are measured once a round; what comparisons pair. Default: 1. */
  readonly rounds?: number;
  /** Finds the maximum with up to so many clients, then offers 50 % and 80 % of it. Default: one client alone. */
  readonly clients?: number;
  /** How requests of the open loops are spaced. Default: `constant`. */
  readonly arrivals?: Arrivals;
  /** Told of each path as it goes. Default: nobody. */
  readonly progress?: ProgressListener;
  /** Breaks the run off. Default: nothing does. */
  readonly signal?: AbortSignal;
}

/** What is measured, and how. */
type BenchOptions = BenchTarget & MeasureOptions;

/**
 * Measures query paths of a running stack, one after the other: two at once would measure each other.
 * A path whose plan or answer is not as expected keeps its figures, with what was expected beside them.
 * Latencies are in microseconds, rates per second.
 * Throws `BAD_OPTION` where there is no path of such a name, or an engine of `readFrom` offers no such read, and what a path
 * throws that reads nothing that has changed since the seeding.
 */
export async function runBenchmarks(options: BenchOptions): Promise<BenchReport> {
  const [report] = await runInterleaved(options, [options]);
  return report as BenchReport;
}

/**
 * {@link runBenchmarks} of several stacks, in turns within each round: pairs of the same moment.
 * Returns a report for each target, in their order. Only the first is measured fully (`clients`): the others are what it is
 * compared with. Throws what {@link runBenchmarks} throws.
 */
export async function runInterleaved(
  options: MeasureOptions,
  targets: readonly BenchTarget[],
): Promise<readonly BenchReport[]> {
  const signal = options.signal ?? new AbortController().signal;
  const chosen = sharingReads(targets, signal).map((target, index) => choosePaths(target, index, options.paths));
  const environments = await Promise.all(targets.map(watchEnvironment));
  const timing = {
    warmUpMs: options.warmUpMs ?? 250,
    measureMs: options.measureMs ?? 1_000,
    rounds: options.rounds ?? 1,
    progress: options.progress ?? silent,
    signal,
  };
  const checked = await Promise.all(chosen.map(runnable));
  const without = await Promise.all(
    targets.map(async (target) => [
      ...enginesWithoutPaths(target, options.paths),
      ...(await pathsWithoutStores(target, options.paths)),
    ]),
  );
  // Path by path across the targets: what is compared follows closely.
  const order = (checked[0]?.subjects ?? []).flatMap((first) =>
    checked.flatMap(({ subjects }) => subjects.find((each) => isSamePath(each, first)) ?? []),
  );
  const failed: FailedSubject[] = [];
  const onFailure = (subject: Subject, thrown: unknown) => {
    signal.throwIfAborted();
    failed.push({ subject, thrown });
  };
  const measured = await withSubjects(order, { ...timing, onFailure }, (subjects) =>
    measureRounds(subjects, { ...timing, onFailure }),
  );
  const reports: BenchReport[] = [];
  for (const [index, environmentOf] of environments.entries()) {
    const own = measured.filter(({ subject }) => subject.target === index);
    // Only of the first target: the others are what it is compared with.
    const full = index === 0 ? await measureAllFully(own, options, timing) : [];
    const notRun = [...(checked[index]?.notRun ?? []), ...(without[index] ?? [])];
    const report = reportOf(own, full, notRun, environmentOf());
    const ownFailed = failed.filter(({ subject }) => subject.target === index);
    reports.push(
      await excuseChangedData(report, checked[index]?.subjects ?? [], ownFailed, targets[index] as BenchTarget),
    );
  }
  return reports;
}

/** Paths of a dataset, whichever target they are of, share its passes. */
function sharingReads(targets: readonly BenchTarget[], signal: AbortSignal): readonly BenchTarget[] {
  const shared = new Map<Dataset, Dataset>();
  return targets.map((target) => {
    const { dataset } = target;
    if (dataset === undefined) return target;
    const sharing = shared.get(dataset) ?? shareReads(dataset, signal);
    shared.set(dataset, sharing);
    return { ...target, dataset: sharing };
  });
}

async function measureAllFully(
  measured: readonly MeasuredSubject[],
  { clients, arrivals = 'constant' }: Pick<MeasureOptions, 'clients' | 'arrivals'>,
  timing: Timing,
): Promise<readonly FullResult[]> {
  if (clients === undefined) return [];
  const full: FullResult[] = [];
  for (const result of measured) {
    const task = ['bench', result.subject.engine, `${result.subject.path.name}, full`];
    full.push(await runTask(timing.progress, task, () => measureFully(result, { ...timing, clients, arrivals })));
  }
  return full;
}

function reportOf(
  measured: readonly MeasuredSubject[],
  full: readonly FullResult[],
  notRun: readonly PathNotRun[],
  environment: BenchEnvironment,
): BenchReport {
  return {
    version: 1,
    environment,
    paths: measured.flatMap((result) => {
      const further = full.find(({ of }) => of === result)?.paths ?? [];
      return withObjective(result.subject.path.objective, [result.result, ...further]);
    }),
    notRun: [...notRun, ...full.flatMap((each) => each.notRun)],
    rounds: measured.flatMap(({ rounds }) => rounds),
    curves: full.map(({ curve }) => curve),
    references: full.flatMap(({ references }) => references),
    recall: full.flatMap(({ recall }) => recall),
  };
}

function isSamePath(left: Subject, right: Subject): boolean {
  return left.engine === right.engine && left.path.name === right.path.name;
}
