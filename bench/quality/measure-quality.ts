import { median } from 'simple-statistics';
import { type ProgressListener, runTask, silent } from '../../sandbox/core/progress.ts';
import { runConcurrently } from '../../sandbox/core/run-concurrently.ts';
import type { Distributions } from '../../sandbox/quality/drift/distributions.ts';
import type { Counts } from '../../sandbox/quality/drift/stability-index.ts';
import type { QualityTarget } from '../../sandbox/quality/run/quality-target.ts';
import type { QualityReport } from '../../sandbox/quality/run/report.ts';
import { closeQuality, openQuality, whyNotAsked } from '../../sandbox/quality/run/run-check.ts';
import { runChecks } from '../../sandbox/quality/run/run-checks.ts';
import type { Dataset } from '../../seeds/dataset.ts';
import { watchEnvironment } from '../environment.ts';
import type { BenchEnvironment } from '../results.ts';
import { askBare, type OpenQuestions } from './bare-questions.ts';

/** What the checks may take of the bare queries' time, on `large`: their own part is lost in it there. */
const wantedRatio = 1.2;

/** Its version changes when a field changes its meaning. */
export interface QualityBenchReport {
  readonly version: 1;
  readonly environment: BenchEnvironment;
  readonly rounds: number;
  readonly checks: number;
  /** Of all checks, round by round, connections included. */
  readonly checksMs: readonly number[];
  /** Of the same questions alone, on connections that are open, round by round. */
  readonly bareMs: readonly number[];
  /** Median of the rounds' own ratios. */
  readonly ratio: number;
  readonly wantedRatio: number;
  /** Checks that a store did not answer in time: then the times are none. */
  readonly unknown: readonly string[];
}

export interface QualityBenchOptions {
  /** Default: 3. */
  readonly rounds?: number;
  /** What the stores hold, for the report. Default: nobody knows. */
  readonly dataset?: Dataset | undefined;
  readonly progress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/**
 * Measures all checks of contracts beside their bare questions, in turns, after a round of each that does not count.
 * Differences across stores are none of these.
 */
export async function measureQuality(
  target: QualityTarget,
  { rounds = 3, dataset, progress = silent, signal }: QualityBenchOptions = {},
): Promise<QualityBenchReport> {
  const { dataset: _, progress: __, ...contracts } = target;
  const meant: QualityTarget = { ...contracts, distributions: inMemory() };
  const end = await watchEnvironment({ dataset, engines: target.engines, running: target.running });
  const stores = await openStores(meant);
  try {
    const checks = () => runChecks(meant);
    const bare = () => askBare(stores, meant.moments);
    const unknown = new Set<string>();
    const times: { readonly checksMs: number; readonly bareMs: number }[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      await runTask(progress, ['quality', round === 0 ? 'warm-up' : `round ${round}`], async () => {
        signal?.throwIfAborted();
        const { ms: bareMs, value: unanswered } = await timed(bare);
        const { ms: checksMs, value: report } = await timed(checks);
        for (const check of [...unanswered, ...undecidedOf(report)]) unknown.add(check);
        if (round > 0) times.push({ checksMs, bareMs });
      });
    }
    return {
      version: 1,
      environment: end(),
      rounds,
      checks: stores.reduce((sum, store) => sum + store.checks.length, 0),
      checksMs: times.map((each) => Math.round(each.checksMs)),
      bareMs: times.map((each) => Math.round(each.bareMs)),
      ratio: Math.round(median(times.map((each) => each.checksMs / each.bareMs)) * 1_000) / 1_000,
      wantedRatio,
      unknown: [...unknown],
    };
  } finally {
    await Promise.all(stores.map(({ session }) => closeQuality(session)));
  }
}

function undecidedOf({ results }: QualityReport): readonly string[] {
  return results.filter(({ verdict }) => verdict === 'unknown').map(({ check }) => check);
}

async function openStores({ engines, running, checks }: QualityTarget): Promise<readonly OpenQuestions[]> {
  const opened = await runConcurrently(engines, async ({ name, quality }) => {
    const reached = running.get(name);
    if (quality === undefined || reached === undefined) return [];
    const own = checks.filter((check) => check.contract.engine === name && whyNotAsked(check, quality) === undefined);
    return own.length === 0 ? [] : [{ session: await openQuality(quality, reached), checks: own }];
  });
  return opened.flat();
}

/** What a run finds, the next one is compared with: what was kept of the stack stays as it is. */
function inMemory(): Distributions {
  const known = new Map<string, Counts>();
  return {
    read: async () => known,
    write: async (distributions) => {
      for (const [name, counts] of distributions) known.set(name, counts);
    },
  };
}

async function timed<Value>(work: () => Promise<Value>): Promise<{ readonly ms: number; readonly value: Value }> {
  const beganMs = performance.now();
  const value = await work();
  return { ms: performance.now() - beganMs, value };
}
