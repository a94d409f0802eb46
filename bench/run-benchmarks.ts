import { SandboxError } from '../sandbox/core/errors.ts';
import { type ProgressListener, runTask, silent } from '../sandbox/core/progress.ts';
import type { Engine } from '../sandbox/engines/engine.ts';
import type { QueryPath } from '../sandbox/engines/query-path.ts';
import type { RunningEngine } from '../sandbox/engines/topology.ts';
import type { Dataset } from '../seeds/dataset.ts';
import type { Arrivals } from './arrivals.ts';
import { watchEnvironment } from './environment.ts';
import { type FullResult, measureFully } from './measure-fully.ts';
import { type MeasuredSubject, measureRounds, type Subject, type Timing, withSubjects } from './measure-rounds.ts';
import type { BenchEnvironment, BenchReport, PathNotRun } from './results.ts';

/** A stack that is measured. */
export interface BenchTarget {
  readonly engines: readonly Engine[];
  readonly running: ReadonlyMap<string, RunningEngine>;
  readonly dataset: Dataset;
  /** Folder of the stack, whose commit is named. Default: the current one. */
  readonly directory?: string;
}

export interface BenchOptions extends BenchTarget {
  /** Names of query paths. Default: all of these engines. */
  readonly paths?: readonly string[];
  /** The first part of every load, which is discarded. Default: 500 ms. */
  readonly warmUpMs?: number;
  /** Time for a path and its reference together, in all rounds, and for each further load. Default: 2,000 ms. */
  readonly measureMs?: number;
  /** All paths are measured once a round; what comparisons pair. Default: 1. */
  readonly rounds?: number;
  /** Finds the maximum with up to so many clients, then offers 50 % and 80 % of it. Default: one client alone. */
  readonly clients?: number;
  /** Of the open loops. Default: `constant`. */
  readonly arrivals?: Arrivals;
  readonly progress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/**
 * Measures query paths of a running stack, one after the other: two at once would measure each other.
 * A path whose plan or answer is not as expected keeps its figures, with what was expected beside them.
 * Throws `BAD_OPTION` where a path has no such name.
 */
export async function runBenchmarks(options: BenchOptions): Promise<BenchReport> {
  const [report] = await runInterleaved(options, [options]);
  return report as BenchReport;
}

/** {@link runBenchmarks} of several stacks, in turns within each round: pairs of the same moment. */
export async function runInterleaved(
  options: Omit<BenchOptions, keyof BenchTarget>,
  targets: readonly BenchTarget[],
): Promise<readonly BenchReport[]> {
  const chosen = targets.map((target, index) => choosePaths(target, index, options.paths));
  const environments = await Promise.all(targets.map(watchEnvironment));
  const signal = options.signal ?? new AbortController().signal;
  const timing = {
    warmUpMs: options.warmUpMs ?? 500,
    measureMs: options.measureMs ?? 2_000,
    rounds: options.rounds ?? 1,
    progress: options.progress ?? silent,
    signal,
  };
  // Path by path across the targets: what is compared follows closely.
  const runnable = chosen.map((paths) =>
    paths.filter(({ path, running }) => reasonNotToRun(path, running) === undefined),
  );
  const order = (runnable[0] ?? []).flatMap((first) =>
    runnable.flatMap((paths) => paths.find((each) => isSamePath(each, first)) ?? []),
  );
  const measured = await withSubjects(order, (subjects) => measureRounds(subjects, timing));
  const reports: BenchReport[] = [];
  for (const [index, environmentOf] of environments.entries()) {
    const own = measured.filter(({ subject }) => subject.target === index);
    // Only of the first target: the others are what it is compared with.
    const full = index === 0 ? await measureAllFully(own, options, timing) : [];
    reports.push(reportOf(own, full, (chosen[index] ?? []).flatMap(notRunOf), environmentOf()));
  }
  return reports;
}

async function measureAllFully(
  measured: readonly MeasuredSubject[],
  { clients, arrivals = 'constant' }: Pick<BenchOptions, 'clients' | 'arrivals'>,
  timing: Timing,
): Promise<readonly FullResult[]> {
  if (clients === undefined) return [];
  const full: FullResult[] = [];
  for (const result of measured) {
    const task = ['bench', result.subject.running.engine, `${result.subject.path.name}, full`];
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
    paths: measured.flatMap((result) => [result.result, ...(full.find(({ of }) => of === result)?.paths ?? [])]),
    notRun: [...notRun, ...full.flatMap((each) => each.notRun)],
    rounds: measured.flatMap(({ rounds }) => rounds),
    curves: full.map(({ curve }) => curve),
    references: full.flatMap(({ references }) => references),
    recall: full.flatMap(({ recall }) => recall),
  };
}

function isSamePath(left: Subject, right: Subject): boolean {
  return left.engine.name === right.engine.name && left.path.name === right.path.name;
}

function notRunOf({ engine, path, running }: Subject): readonly PathNotRun[] {
  const reason = reasonNotToRun(path, running);
  return reason === undefined ? [] : [{ engine: engine.name, path: path.name, reason }];
}

function reasonNotToRun(path: QueryPath, running: RunningEngine): string | undefined {
  return path.notRunOn?.[running.image.origin];
}

function choosePaths(
  { engines, running, dataset }: BenchTarget,
  index: number,
  paths: readonly string[] = [],
): readonly Subject[] {
  const all = engines.flatMap((engine) => {
    const up = running.get(engine.name);
    return up === undefined
      ? []
      : engine.queryPaths.map((path) => ({ target: index, engine, running: up, dataset, path }));
  });
  const known = all.map(({ path }) => path.name);
  const unknown = paths.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new SandboxError({
      code: 'BAD_OPTION',
      message: `There is no query path \`${unknown}\` on the engines that were chosen.`,
      next: `Use one or more of: ${known.join(', ')}.`,
    });
  }
  return paths.length === 0 ? all : all.filter(({ path }) => paths.includes(path.name));
}
