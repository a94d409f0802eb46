import { SandboxError } from '../sandbox/core/errors.ts';
import { type ProgressListener, runTask, silent } from '../sandbox/core/progress.ts';
import type { Engine, QueryPath, RunningEngine } from '../sandbox/engines/engine.ts';
import type { Dataset } from '../seeds/dataset.ts';
import { measureClosedLoop } from './closed-loop.ts';
import { watchEnvironment } from './environment.ts';
import type { BenchReport, PathNotRun, PathResult } from './results.ts';

export interface BenchOptions {
  readonly engines: readonly Engine[];
  readonly running: ReadonlyMap<string, RunningEngine>;
  readonly dataset: Dataset;
  /** Names of query paths. Default: all of these engines. */
  readonly paths?: readonly string[];
  /** Discarded. Default: 500 ms. */
  readonly warmUpMs?: number;
  /** Time for a path and its reference together. Default: 2,000 ms. */
  readonly measureMs?: number;
  readonly progress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/**
 * Measures query paths of a running stack, one after the other: two at once would measure each other.
 * A path whose plan or answer is not as expected keeps its figures, with what was expected beside them.
 * Throws `BAD_OPTION` where a path has no such name.
 */
export async function runBenchmarks(options: BenchOptions): Promise<BenchReport> {
  const chosen = choosePaths(options);
  const environment = watchEnvironment(options.dataset, [...options.running.values()]);
  const paths: PathResult[] = [];
  const notRun: PathNotRun[] = [];
  for (const { engine, running, path } of chosen) {
    const reason = path.notRunOn?.[running.image.origin];
    if (reason !== undefined) notRun.push({ engine: engine.name, path: path.name, reason });
    else paths.push(await measurePath(options, running, path));
  }
  return { version: 1, environment: environment(), paths, notRun };
}

interface ChosenPath {
  readonly engine: Engine;
  readonly running: RunningEngine;
  readonly path: QueryPath;
}

function choosePaths({ engines, running, paths }: BenchOptions): readonly ChosenPath[] {
  const all = engines.flatMap((engine) => {
    const target = running.get(engine.name);
    return target === undefined ? [] : engine.queryPaths.map((path) => ({ engine, running: target, path }));
  });
  const known = all.map(({ path }) => path.name);
  const unknown = (paths ?? []).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new SandboxError({
      code: 'BAD_OPTION',
      message: `There is no query path \`${unknown}\` on the engines that were chosen.`,
      next: `Use one or more of: ${known.join(', ')}.`,
    });
  }
  return paths === undefined || paths.length === 0 ? all : all.filter(({ path }) => paths.includes(path.name));
}

async function measurePath(options: BenchOptions, running: RunningEngine, path: QueryPath): Promise<PathResult> {
  return runTask(options.progress ?? silent, ['bench', running.engine, path.name], async (report) => {
    await using prepared = await path.prepare(running, options.dataset);
    const answer = await prepared.checkAnswer();
    const measured = await measureClosedLoop({
      run: prepared.run,
      reference: prepared.runBare,
      warmUpMs: options.warmUpMs ?? 500,
      measureMs: options.measureMs ?? 2_000,
      signal: options.signal ?? new AbortController().signal,
    });
    // After the load: some planners choose anew once they have seen a statement a few times.
    const plan = await prepared.checkPlan();
    const ratio = Math.round((measured.path.p50Us / measured.reference.p50Us) * 100) / 100;
    report.summarise(`p50 ${measured.path.p50Us} us, ${ratio} times the bare driver`);
    return {
      engine: running.engine,
      path: path.name,
      topology: running.topology,
      origin: running.image.origin,
      mode: 'closed',
      clients: 1,
      offeredPerS: null,
      ...measured.path,
      plan,
      answer,
      reference: { name: 'bare driver loop', ...measured.reference, ratio },
    };
  });
}
