import { median } from 'simple-statistics';
import type { ClientHealth, Distribution, Latencies } from '../results.ts';
import { watchClient } from './client-health.ts';
import { createRecorder, distributionOf, latenciesOf, type Recorder, record } from './latencies.ts';

type Run = (iteration: number) => Promise<void>;

/** Things that are compared take turns of this length, so that all of them see the same machine. */
const turnMs = 10;

/** Turns of what is compared to a percent are shorter: there are more of them. */
const shortTurnMs = 25;

/** What takes turns with others. */
interface Lane {
  readonly run: Run;
  /** Told of each request. */
  readonly onDone?: (iteration: number, latencyMs: number) => void;
}

export interface Turns {
  readonly lanes: readonly Lane[];
  /** Iteration that all begin with. Default: 0. */
  readonly first?: number;
  /** Time for all of them together. */
  readonly forMs: number;
  readonly signal: AbortSignal;
}

export interface ClosedLoopResult {
  readonly latencies: Latencies;
  readonly distribution: Distribution;
  readonly client: ClientHealth;
}

/** A recorder that knows how long its requests took together. */
export interface TimedRecorder extends Recorder {
  busyMs: number;
}

/** One client, one request at a time, the lanes in turns. A recorder for each. */
export async function takeTurns({ lanes, first = 0, forMs, signal }: Turns): Promise<readonly TimedRecorder[]> {
  // Each counts for itself: together, one of them would miss some kinds of parameters.
  const takers = lanes.map((lane) => ({ ...lane, recorder: { ...createRecorder(), busyMs: 0 }, next: first }));
  // A short round has shorter turns: each must have had at least two.
  const lengthMs = Math.min(turnMs, forMs / 2 / lanes.length);
  const endMs = performance.now() + forMs;
  while (performance.now() < endMs) {
    signal.throwIfAborted();
    for (const taker of takers) {
      taker.next = await takeTurn(taker.run, taker.recorder, taker.next, lengthMs, taker.onDone);
    }
  }
  return takers.map(({ recorder }) => recorder);
}

export interface ClosedLoop {
  /** One function for each client. */
  readonly clients: readonly Run[];
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly signal: AbortSignal;
}

/** All clients at once, each sends its next request when it has the answer to the last one. The warm-up is discarded. */
export async function measureClosedLoop(loop: ClosedLoop): Promise<ClosedLoopResult> {
  await timeRequests(loop, loop.warmUpMs, createRecorder());
  const judge = watchClient();
  const recorder = createRecorder();
  const elapsedMs = await timeRequests(loop, loop.measureMs, recorder);
  const latencies = latenciesOf(recorder, elapsedMs);
  return { latencies, distribution: distributionOf(recorder), client: judge() };
}

/**
 * Throughput of {@link measureClosedLoop} over that of the same requests by the same clients without any measuring: 1
 * where measuring costs nothing. Both take short turns in the order ABBA, so that what drifts evenly costs both the
 * same; the median over these groups leaves out those in which somebody else had the core.
 */
export async function measureHarnessShare(loop: ClosedLoop): Promise<number> {
  const recorder = createRecorder();
  await countRequests(loop, loop.warmUpMs);
  const timedPerMs = async () => {
    const before = recorder.histogram.totalCount;
    const elapsedMs = await timeRequests(loop, shortTurnMs, recorder);
    return (recorder.histogram.totalCount - before) / elapsedMs;
  };
  const barePerMs = async () => {
    const beganMs = performance.now();
    return (await countRequests(loop, shortTurnMs)) / (performance.now() - beganMs);
  };
  const shares: number[] = [];
  for (let group = 0; group < loop.measureMs / shortTurnMs / 4; group += 1) {
    const first = await timedPerMs();
    const bare = (await barePerMs()) + (await barePerMs());
    shares.push((first + (await timedPerMs())) / bare);
  }
  return Math.round(median(shares) * 1e3) / 1e3;
}

/** Returns the time from the first request to the last answer. */
async function timeRequests({ clients, signal }: ClosedLoop, forMs: number, recorder: Recorder): Promise<number> {
  const beganMs = performance.now();
  const endMs = beganMs + forMs;
  await Promise.all(
    clients.map(async (run, client) => {
      let startMs = performance.now();
      for (let iteration = client; startMs < endMs; iteration += clients.length) {
        await run(iteration);
        const nowMs = performance.now();
        record(recorder, nowMs - startMs);
        startMs = nowMs;
        if (signal.aborted) break;
      }
    }),
  );
  signal.throwIfAborted();
  return performance.now() - beganMs;
}

/** The bare loop: looks at the clock, which it must to end, and at nothing else. */
async function countRequests({ clients, signal }: ClosedLoop, forMs: number): Promise<number> {
  const endMs = performance.now() + forMs;
  const counts = clients.map(async (run, client) => {
    let done = 0;
    for (let iteration = client; performance.now() < endMs; iteration += clients.length) {
      await run(iteration);
      done += 1;
    }
    return done;
  });
  const all = await Promise.all(counts);
  signal.throwIfAborted();
  return all.reduce((sum, count) => sum + count, 0);
}

async function takeTurn(
  run: Run,
  recorder: TimedRecorder,
  first: number,
  forMs: number,
  onDone?: Lane['onDone'],
): Promise<number> {
  const beganMs = performance.now();
  const endMs = beganMs + forMs;
  let iteration = first;
  let startMs = beganMs;
  while (startMs < endMs) {
    await run(iteration);
    const nowMs = performance.now();
    record(recorder, nowMs - startMs);
    onDone?.(iteration, nowMs - startMs);
    iteration += 1;
    startMs = nowMs;
  }
  recorder.busyMs += startMs - beganMs;
  return iteration;
}
