import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { median } from 'simple-statistics';
import { programFile } from '../../sandbox/core/process/program-file.ts';
import type { EngineName } from '../../sandbox/engines/engine-names.ts';
import type { StackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import type { MeasuredBroker } from './measured-broker.ts';
import type { WorkersFigure } from './results.ts';
import { rounded } from './times.ts';

export interface WorkerSettings {
  readonly identity: StackIdentity;
  readonly engines: readonly EngineName[];
  /** Writes to each engine in a test. */
  readonly writes: number;
}

type Mode = 'leased' | 'held';

/** What a worker is told: to get ready for so many tests, and to run them. */
export type ToWorker = { readonly prepare: Mode; readonly tests: number } | { readonly run: true };

export type FromWorker = { readonly ready: true } | { readonly failed: string };

export interface WorkersOptions extends WorkerSettings {
  readonly workers: number;
  /** Tests of each worker in a round. */
  readonly tests: number;
  readonly rounds: number;
  /** No further round begins after so many milliseconds, once there is one. */
  readonly budgetMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Time with leases over time without that is wanted at most. */
const wantedRatio = 1.05;

/** Measures the same tests with leases and without, in turns. The first round of each is discarded. */
export async function measureWorkers(broker: MeasuredBroker, options: WorkersOptions): Promise<WorkersFigure> {
  const { identity, engines, writes, workers: count, tests, rounds, budgetMs, signal } = options;
  const settings: WorkerSettings = { identity, engines, writes };
  const workers = Array.from({ length: count }, () => start(settings));
  try {
    await Promise.all(workers.map(answer));
    const times: Record<Mode, number[]> = { leased: [], held: [] };
    const beganMs = performance.now();
    for (let round = 0; round <= rounds; round += 1) {
      if (round > 1 && performance.now() - beganMs > budgetMs) break;
      for (const mode of round % 2 === 0 ? (['held', 'leased'] as const) : (['leased', 'held'] as const)) {
        signal?.throwIfAborted();
        const tookMs = await runRound(broker, workers, mode, tests);
        if (round > 0) times[mode].push(tookMs);
      }
    }
    return figureOf(options, times);
  } finally {
    await Promise.all(workers.map(end));
  }
}

function figureOf({ workers, engines, tests }: WorkersOptions, times: Record<Mode, readonly number[]>): WorkersFigure {
  const [leasedMs, heldMs] = [median([...times.leased]), median([...times.held])];
  const ratios = times.leased.map((leased, round) => rounded(leased / (times.held[round] ?? leased)));
  const ratio = median([...ratios]);
  return {
    ...{ workers, engines, tests: workers * tests, rounds: ratios.length },
    leasedS: rounded(leasedMs / 1_000),
    heldS: rounded(heldMs / 1_000),
    testMs: rounded(heldMs / tests),
    addedMs: rounded((leasedMs - heldMs) / tests),
    ...{ ratio, ratios, wantedRatio, met: ratio <= wantedRatio },
  };
}

/** From the moment that all are ready, and nothing else is being done, until the last one has ended. */
async function runRound(
  { untilIdle }: MeasuredBroker,
  workers: readonly ChildProcess[],
  mode: Mode,
  tests: number,
): Promise<number> {
  await Promise.all(workers.map((worker) => tell(worker, { prepare: mode, tests })));
  await untilIdle();
  const beganMs = performance.now();
  await Promise.all(workers.map((worker) => tell(worker, { run: true })));
  const tookMs = performance.now() - beganMs;
  await untilIdle();
  return tookMs;
}

function start(settings: WorkerSettings): ChildProcess {
  return fork(programFile(import.meta, 'worker-process'), [JSON.stringify(settings)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

async function tell(worker: ChildProcess, message: ToWorker): Promise<void> {
  const answered = answer(worker);
  worker.send(message);
  await answered;
}

/** Throws where the worker ends instead, or cannot do what it was told. */
async function answer(worker: ChildProcess): Promise<void> {
  const stop = new AbortController();
  const ended = once(worker, 'exit', { signal: stop.signal }).then(() => {
    throw new Error('a worker ended before its tests were over');
  });
  ended.catch(() => {});
  try {
    const [message] = (await Promise.race([once(worker, 'message', { signal: stop.signal }), ended])) as [FromWorker];
    if ('failed' in message) throw new Error(message.failed);
  } finally {
    stop.abort();
  }
}

async function end(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const ended = once(worker, 'exit');
  worker.disconnect();
  await ended;
}
