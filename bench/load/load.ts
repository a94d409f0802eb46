import { median } from 'simple-statistics';
import { messageOf, SandboxError } from '../../sandbox/core/errors.ts';
import { type ProgressListener, runTask, silent } from '../../sandbox/core/progress.ts';
import type { BaselineLoad } from '../../sandbox/engines/contract/data/baseline-load.ts';
import type { Data, Fingerprint } from '../../sandbox/engines/contract/data.ts';
import type { Engine } from '../../sandbox/engines/contract/engine.ts';
import { whyWithout } from '../../sandbox/engines/contract/lacks.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import type { Dataset } from '../../seeds/dataset.ts';
import { watchEnvironment } from '../environment.ts';
import type { BenchEnvironment } from '../results.ts';
import { collectGarbage } from './collect-garbage.ts';
import { type GeneratorRate, generatorRate, measureGenerator, watchReads } from './load-generator-rate.ts';

/** Rows, and seconds that they took. */
interface LoadTime {
  readonly seconds: number;
  readonly rowsPerS: number;
  /** Millions of bytes a second: rows as JSON text, vectors as four bytes a number. */
  readonly megabytesPerS: number;
}

/** Loads of one store. */
export interface StoreLoad {
  readonly engine: string;
  readonly rows: number;
  readonly bytes: number;
  /** Median of the rounds. */
  readonly own: LoadTime;
  readonly bare: LoadTime & { readonly name: string; readonly description: string };
  /** Rate of the load over that of the bare loader: median of the rounds' ratios. */
  readonly ratio: number;
  readonly ratios: readonly number[];
  readonly wantedRatio: number;
  readonly met: boolean;
  /** Rate of the generator alone, for the entities that this store loads, over the rate of the load. */
  readonly generator: GeneratorRate & { readonly ratio: number };
}

export interface LoadBenchReport {
  readonly version: 1;
  readonly environment: BenchEnvironment;
  readonly rounds: number;
  /** Whether rows were made before the time was measured; otherwise both loaders make them as they go. */
  readonly rowsHeld: boolean;
  /** All entities, made one after the other by one thread of this process, or by as many as the dataset uses. */
  readonly generator: GeneratorRate;
  readonly stores: readonly StoreLoad[];
  readonly notRun: readonly { readonly engine: string; readonly reason: string }[];
}

export interface LoadBenchOptions {
  readonly engines: readonly Engine[];
  readonly running: ReadonlyMap<string, RunningEngine>;
  readonly dataset: Dataset;
  /** Default: 3. */
  readonly rounds?: number;
  readonly progress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/**
 * Measures each store's load against its bare loader, in turns, one store after the other. Replaces what is in the
 * stores. Throws `LOAD_DIFFERENT` where the two leave different data.
 */
export async function measureLoads(options: LoadBenchOptions): Promise<LoadBenchReport> {
  const { engines, running, dataset, rounds = 3, progress = silent, signal } = options;
  const environmentOf = await watchEnvironment(options);
  const made = await runTask(progress, ['bench load', 'generator'], () => measureGenerator(dataset));
  // Known before any load is measured.
  await runTask(progress, ['bench load', 'fingerprint'], () => dataset.fingerprint());
  const stores: StoreLoad[] = [];
  const notRun: { engine: string; reason: string }[] = [];
  let rowsHeld = true;
  for (const engine of engines) {
    const target = running.get(engine.name);
    if (target === undefined) continue;
    const { data } = engine;
    if (data?.baseline === undefined) {
      notRun.push({ engine: engine.name, reason: whyWithout(engine, 'baseline') });
      continue;
    }
    const watched = watchReads(dataset);
    const measured = { engine, data, baseline: data.baseline, running: target, dataset: watched.dataset };
    try {
      const rates: Round[] = [];
      await runTask(progress, ['bench load', `${engine.name}, warm-up`], () => warmUp(measured, signal));
      for (let round = 1; round <= rounds; round += 1) {
        signal?.throwIfAborted();
        const task = ['bench load', `${engine.name}, round ${round}`];
        rates.push(await runTask(progress, task, () => runPair(measured, round)));
      }
      stores.push(storeOf(measured, rates, generatorRate(made, watched.entities())));
      rowsHeld &&= watched.isHeld();
    } catch (thrown) {
      if (thrown instanceof SandboxError || signal?.aborted) throw thrown;
      notRun.push({ engine: engine.name, reason: messageOf(thrown) });
    }
  }
  const generator = generatorRate(made, [...made.keys()]);
  return { version: 1, environment: environmentOf(), rounds, rowsHeld, generator, stores, notRun };
}

/**
 * The first pair makes the rows that are held, and warms the server up. A load of a few milliseconds is over before its
 * code was compiled for speed, so that pairs go on until the loads of this process have taken this long together, in
 * milliseconds.
 */
const warmUpMs = 500;
const warmUpPairsMax = 12;

async function warmUp(measured: Measured, signal: AbortSignal | undefined): Promise<void> {
  let loadedMs = 0;
  for (let pair = 0; pair < warmUpPairsMax && loadedMs < warmUpMs; pair += 1) {
    signal?.throwIfAborted();
    loadedMs += (await runPair(measured, pair)).ownMs;
  }
}

interface Measured {
  readonly engine: Engine;
  readonly data: Data;
  readonly baseline: BaselineLoad;
  readonly running: RunningEngine;
  readonly dataset: Dataset;
}

interface Round {
  readonly ownMs: number;
  readonly bareMs: number;
}

/** One load and one bare load, each into the empty store; who begins takes turns. */
async function runPair(measured: Measured, round: number): Promise<Round> {
  const order = round % 2 === 0 ? (['own', 'bare'] as const) : (['bare', 'own'] as const);
  const times = new Map<string, number>();
  const left: Fingerprint[] = [];
  for (const which of order) {
    times.set(which, await (which === 'own' ? runOwn(measured) : runBare(measured)));
    left.push(await measured.data.fingerprint(measured.running));
  }
  requireSame(measured, left);
  return { ownMs: times.get('own') ?? 0, bareMs: times.get('bare') ?? 0 };
}

async function runOwn({ data, baseline, running, dataset }: Measured): Promise<number> {
  await baseline.empty(running);
  collectGarbage();
  const beganMs = performance.now();
  await data.load(running, dataset, { advance: () => {}, summarise: () => {} });
  return performance.now() - beganMs;
}

async function runBare({ baseline, running, dataset }: Measured): Promise<number> {
  await baseline.empty(running);
  await using prepared = await baseline.prepare(running, dataset);
  collectGarbage();
  const elapsedMs = await prepared.run();
  await baseline.record(running, dataset);
  return elapsedMs;
}

function requireSame({ engine: { name, title }, baseline }: Measured, [first, second]: readonly Fingerprint[]): void {
  const { timeBoundParts = [] } = baseline;
  const parts = new Set([...Object.keys(first?.parts ?? {}), ...Object.keys(second?.parts ?? {})]);
  const different = [...parts].filter(
    (part) => !timeBoundParts.includes(part) && first?.parts[part] !== second?.parts[part],
  );
  if (different.length === 0) return;
  throw new SandboxError({
    code: 'LOAD_DIFFERENT',
    engine: name,
    message: `${title} holds other data after the load than after ${baseline.name}.`,
    next: 'One of the two loads wrongly: the parts below differ. `npm run sandbox -- seed --reset` loads the data anew, and DELETES what was added or changed.',
    evidence: different.join('\n'),
  });
}

function storeOf(
  { engine: { name }, baseline }: Measured,
  rounds: readonly Round[],
  generator: GeneratorRate,
): StoreLoad {
  const { rows, bytes } = generator;
  const timeOf = (ms: number): LoadTime => ({
    seconds: rounded(ms / 1_000, 3),
    rowsPerS: Math.round((rows / ms) * 1_000),
    megabytesPerS: rounded(bytes / 1e3 / ms, 1),
  });
  const ratios = rounds.map(({ ownMs, bareMs }) => rounded(bareMs / ownMs, 3));
  const own = timeOf(median(rounds.map(({ ownMs }) => ownMs)));
  const ratio = median([...ratios]);
  return {
    engine: name,
    rows,
    bytes,
    own,
    bare: {
      name: baseline.name,
      description: baseline.description,
      ...timeOf(median(rounds.map(({ bareMs }) => bareMs))),
    },
    ratio,
    ratios,
    wantedRatio: baseline.wantedRatio,
    met: ratio >= baseline.wantedRatio,
    generator: { ...generator, ratio: rounded(generator.rowsPerS / own.rowsPerS, 2) },
  };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
