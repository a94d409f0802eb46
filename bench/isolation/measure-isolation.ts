import { messageOf } from '../../sandbox/core/errors.ts';
import { type ProgressListener, runTask, silent } from '../../sandbox/core/progress.ts';
import { withoutUndefined } from '../../sandbox/core/without-undefined.ts';
import type { LeaseKind } from '../../sandbox/engines/contract/bench/lease-bench.ts';
import type { Engine } from '../../sandbox/engines/contract/engine.ts';
import { hasAll, whyWithout } from '../../sandbox/engines/contract/lacks.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import type { PoolStatus } from '../../sandbox/harness/broker/protocol/messages.ts';
import type { Lease } from '../../sandbox/harness/lease.ts';
import type { StackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import type { Dataset } from '../../seeds/dataset.ts';
import { watchEnvironment } from '../environment.ts';
import { memoryOf, nodeItselfBytes } from './broker-memory.ts';
import { figuresOf, measureInTurns, type Turns } from './in-turns.ts';
import { builtBroker, type MeasuredBroker, startBroker, waitMs } from './measured-broker.ts';
import { type OpenModes, openModes, placesOfSessions } from './modes.ts';
import type { IsolationReport, LeaseFigure, MemoryFigure, NotMeasured, WorkersFigure } from './results.ts';
import { leaseWay, type MeasuredEngine, otherWays } from './ways.ts';
import { measureWorkers } from './workers.ts';

export interface IsolationBenchOptions {
  readonly identity: StackIdentity;
  readonly engines: readonly Engine[];
  /** Engines of the stack that runs. */
  readonly running: ReadonlyMap<string, RunningEngine>;
  readonly dataset: Dataset | undefined;
  /** Samples of each figure at most. Default: 100. */
  readonly rounds?: number;
  /** How long a figure and those beside it may take together, in milliseconds, once there are three of each. Default: 20,000. */
  readonly budgetMs?: number;
  readonly progress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** What is wanted of a lease of all stores, in milliseconds: made as new while it waits, or ready. */
const wantedOfAllMs: Readonly<Partial<Record<LeaseKind, number>>> = { 'as new': 60, 'handed out': 5 };

/** What is wanted of the broker's process, in bytes. */
const wantedBytes = 100e6;

/** As many as a machine of two cores is used with; each test writes so often that it takes some tenths of a second. */
const workload = { workers: 4, tests: 6, writes: 100 };

/** Rounds of the workers' tests: each is some seconds long. */
const workerRoundsMax = 5;

interface Run {
  readonly options: IsolationBenchOptions;
  readonly engines: readonly MeasuredEngine[];
  readonly figures: LeaseFigure[];
  readonly notRun: NotMeasured[];
  /** The broker's program. */
  readonly program: string | undefined;
}

/**
 * Measures leases of a stack that runs beside bare loops and other tools, then workers and the broker's memory. Nobody else
 * may lease stores of it meanwhile. Throws `STACK_BUSY` where somebody does.
 */
export async function measureIsolation(options: IsolationBenchOptions): Promise<IsolationReport> {
  const environmentOf = await watchEnvironment({ ...options, directory: options.identity.directory });
  const notRun: NotMeasured[] = [];
  const engines = options.engines.flatMap((engine) => measuredOf(engine, options.running, notRun));
  const run: Run = { options, engines, figures: [], notRun, program: builtBroker() };
  await measureMade(run);
  await measureKept(run);
  const { workers, memory } = await measureTogether(run);
  return { version: 1, kind: 'isolation', environment: environmentOf(), figures: run.figures, workers, memory, notRun };
}

function measuredOf(
  engine: Engine,
  running: ReadonlyMap<string, RunningEngine>,
  notRun: NotMeasured[],
): MeasuredEngine[] {
  const target = running.get(engine.name);
  if (target === undefined) return [];
  const { name } = engine;
  const leases = engine.bench?.leases;
  if (hasAll(engine, 'isolation') && leases !== undefined) {
    return [{ name, isolation: engine.isolation, leases, running: target }];
  }
  const lacking = engine.isolation === undefined ? 'isolation' : 'leases';
  notRun.push({ engine: name, what: 'leases', reason: whyWithout(engine, lacking) });
  return [];
}

/** Each lease makes a place, which goes after it. */
async function measureMade(run: Run): Promise<void> {
  await using broker = await brokerOf(run, { keepsReady: false });
  for (const engine of run.engines) {
    await using lease = await broker.harness.lease({ engines: [engine.name] });
    await measureOne(run, { broker, engine, lease, kind: 'made' });
  }
}

/** Two places of each engine: one that the other ways have, and one that each lease waits for. */
async function measureKept(run: Run): Promise<void> {
  const { engines, options } = run;
  const maximum = Object.fromEntries(engines.map(({ name, isolation }) => [name, 2 + placesOfSessions(isolation)]));
  await using broker = await brokerOf(run, { maximum });
  await using modes = await openModes(options.identity, broker, engines, waitMs());
  await using lease = await broker.harness.lease();
  for (const kind of ['handed out', 'as new'] as const) {
    for (const engine of run.engines) await measureOne(run, { broker, engine, lease, kind, modes });
    if (run.engines.length > 1) await measureAll(run, broker, kind);
  }
}

interface One {
  readonly broker: MeasuredBroker;
  readonly engine: MeasuredEngine;
  /** Of the other ways. */
  readonly lease: Lease;
  readonly kind: LeaseKind;
  /** Absent where nothing is kept ready. */
  readonly modes?: OpenModes;
}

async function measureOne(run: Run, { broker, engine, lease, kind, modes }: One): Promise<void> {
  const { options, figures, notRun } = run;
  const { name, leases } = engine;
  await runTask(options.progress ?? silent, ['bench isolation', `${name}, ${kind}`], async () => {
    await using others = await otherWays(kind, engine, lease, {
      signal: options.signal,
      onUnprepared: (what, thrown) => notRun.push({ engine: name, what, reason: messageOf(thrown) }),
    });
    await broker.untilIdle();
    const ways = [leaseWay(kind, broker, [engine]), ...(modes?.ways(kind, engine) ?? []), ...others.ways];
    const times = await measureInTurns(ways, turnsOf(options));
    figures.push(...figuresOf({ engine: name, kind, wantedMs: leases.wantedMs?.[kind] }, times));
  });
}

async function measureAll({ options, engines, figures }: Run, broker: MeasuredBroker, kind: LeaseKind): Promise<void> {
  await runTask(options.progress ?? silent, ['bench isolation', `all, ${kind}`], async () => {
    const times = await measureInTurns([leaseWay(kind, broker, engines)], turnsOf(options));
    figures.push(...figuresOf({ engine: 'all', kind, wantedMs: wantedOfAllMs[kind] }, times));
  });
}

function turnsOf({ rounds = 100, budgetMs = 20_000, signal }: IsolationBenchOptions): Turns {
  return { rounds, budgetMs, signal };
}

/** A broker as tests have it: its workers' tests, and what memory it has afterwards. */
async function measureTogether(run: Run): Promise<Pick<IsolationReport, 'workers' | 'memory'>> {
  const { options, engines } = run;
  const { progress = silent } = options;
  await using broker = await brokerOf(run, {});
  // Opens all pools: each has a driver in the broker's memory, and some have the data.
  await (await broker.harness.lease()).release();
  await broker.untilIdle();
  const pools = await broker.pools();
  const workers = await runTask(progress, ['bench isolation', 'workers'], () => measureTests(run, broker, pools));
  const memory = await runTask(progress, ['bench isolation', 'memory'], () => measureMemory(run, broker));
  return { workers: engines.length === 0 ? null : workers, memory };
}

/** On engines that have a place for each worker. */
async function measureTests(
  run: Run,
  broker: MeasuredBroker,
  pools: readonly PoolStatus[],
): Promise<WorkersFigure | null> {
  const { options, engines, notRun } = run;
  const { workers } = workload;
  const placesOf = (name: string) => pools.find(({ engine }) => engine === name)?.places ?? 0;
  const few = engines.filter(({ name }) => placesOf(name) < workers);
  for (const { name } of few) {
    notRun.push({ engine: name, what: 'workers', reason: `it has ${placesOf(name)} places for ${workers} workers` });
  }
  const names = engines.map(({ name }) => name).filter((name) => placesOf(name) >= workers);
  if (names.length === 0) return null;
  const { identity } = options;
  const { rounds, ...turns } = turnsOf(options);
  return measureWorkers(broker, {
    ...workload,
    ...{ identity, engines: names, rounds: Math.min(rounds, workerRoundsMax), ...turns },
  });
}

async function measureMemory({ program, notRun }: Run, broker: MeasuredBroker): Promise<MemoryFigure | null> {
  try {
    const [memory, itself] = [await memoryOf(broker.pid), await nodeItselfBytes()];
    const places = (await broker.pools()).map(({ engine, ready, out }) => [engine, ready + out] as const);
    return {
      program: program === undefined ? 'source' : 'dist',
      ...memory,
      nodeItselfBytes: itself,
      places: Object.fromEntries(places),
      wantedBytes,
      met: program === undefined ? null : memory.residentBytes <= wantedBytes,
    };
  } catch (thrown) {
    notRun.push({ engine: 'all', what: 'memory of the broker', reason: messageOf(thrown) });
    return null;
  }
}

function brokerOf({ options, engines, program }: Run, how: Parameters<typeof startBroker>[2]): Promise<MeasuredBroker> {
  const { identity, signal } = options;
  const names = engines.map(({ name }) => name);
  return startBroker(identity, names, { ...how, ...withoutUndefined({ program, signal }) });
}
