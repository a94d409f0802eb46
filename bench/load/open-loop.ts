import type { ClientHealth, Distribution, Latencies, ScheduleReport } from '../results.ts';
import { type Arrivals, arrivalTimesMs } from './arrivals.ts';
import { watchClient } from './client-health.ts';
import { createRecorder, distributionOf, latenciesOf, type Recorder, record } from './latencies.ts';
import { createQueue, type Queue } from './queue.ts';

export interface OpenLoop {
  /** One function for each client; a client has one request under way at a time. */
  readonly clients: readonly ((iteration: number) => Promise<void>)[];
  readonly ratePerS: number;
  /** Default: `constant`. */
  readonly arrivals?: Arrivals;
  /** Of `poisson`. Default: 1. */
  readonly seed?: number;
  /** Arrivals meant for this first part of the schedule are sent and not recorded. */
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Arrivals that wait for a free client; one more is dropped. Default: what arrives in ten seconds. */
  readonly queueLimit?: number;
  /** Time for the last answers after the last arrival; what is late then is dropped. Default: 5,000 ms. */
  readonly drainMs?: number;
  readonly signal: AbortSignal;
}

export interface OpenLoopResult {
  readonly latencies: Latencies;
  readonly distribution: Distribution;
  /** Start of the schedule, by `performance.now()`. */
  readonly startedMs: number;
  readonly offeredPerS: number;
  readonly dropped: number;
  readonly schedule: ScheduleReport;
  readonly client: ClientHealth;
}

/** Timers fire a millisecond late at times: the last stretch before an arrival is spun, which is exact. */
const spunMs = 2;

/** Where arrivals are overdue, answers get their turn at least this often. */
const longestWithoutYieldMs = 0.2;

/** A turn of the event loop that had nothing to do takes less than this; a longer one was work, or a lost core. */
const idleTurnMs = 0.1;

interface Arrival {
  readonly iteration: number;
  readonly intendedMs: number;
}

interface OpenLoopState {
  readonly free: number[];
  readonly queue: Queue<Arrival>;
  readonly latencies: Recorder;
  readonly scheduleErrors: Recorder;
  /** Intended starts before this belong to the warm-up. */
  readonly recordFromMs: number;
  offered: number;
  dropped: number;
  underWay: number;
  /** Grows with everything that happens, so that an idle turn can be told. */
  events: number;
  idleMs: number;
  /** When answers last had a chance to come in. */
  yieldedMs: number;
  lastAnswerMs: number;
  failure?: { readonly thrown: unknown };
}

/**
 * Offers requests on a schedule that does not wait for answers, and counts each latency from the moment its request
 * was meant to be sent: what a stall does to those behind it is in the figures (no "coordinated omission").
 * Throws what a request throws: the figures of a query that fails are worth nothing.
 */
export async function measureOpenLoop(loop: OpenLoop): Promise<OpenLoopResult> {
  const durationMs = loop.warmUpMs + loop.measureMs;
  const { arrivals = 'constant', seed = 1, ratePerS } = loop;
  const schedule = arrivalTimesMs({ arrivals, ratePerS, durationMs, seed });
  const judge = watchClient();
  const startMs = performance.now();
  const recordFromMs = startMs + loop.warmUpMs;
  const state: OpenLoopState = {
    free: loop.clients.map((_, index) => index),
    queue: createQueue(),
    latencies: createRecorder(),
    scheduleErrors: createRecorder(),
    recordFromMs,
    offered: 0,
    dropped: 0,
    underWay: 0,
    events: 0,
    idleMs: 0,
    yieldedMs: startMs,
    lastAnswerMs: recordFromMs,
  };
  await sendAll(loop, state, schedule, startMs);
  await drain(loop, state);
  const latencies = latenciesOf(state.latencies, Math.max(loop.measureMs, state.lastAnswerMs - recordFromMs));
  return {
    latencies,
    distribution: distributionOf(state.latencies),
    startedMs: startMs,
    offeredPerS: Math.round((state.offered / loop.measureMs) * 1e4) / 10,
    dropped: state.dropped,
    schedule: scheduleReport(state.scheduleErrors, arrivals),
    client: judge(state.idleMs),
  };
}

async function sendAll(loop: OpenLoop, state: OpenLoopState, schedule: Iterable<number>, startMs: number) {
  const queueLimit = loop.queueLimit ?? Math.ceil(loop.ratePerS * 10);
  let iteration = -1;
  for (const offsetMs of schedule) {
    const intendedMs = startMs + offsetMs;
    await until(intendedMs, state);
    loop.signal.throwIfAborted();
    if (state.failure !== undefined) throw state.failure.thrown;
    const recorded = intendedMs >= state.recordFromMs;
    if (recorded) {
      state.offered += 1;
      record(state.scheduleErrors, performance.now() - intendedMs);
    }
    state.events += 1;
    iteration += 1;
    if (state.free.length === 0 && state.queue.size() >= queueLimit) continue;
    state.queue.add({ iteration, intendedMs });
    sendQueued(loop, state);
  }
}

/** Returns at `dueMs` of `performance.now()`, and at once where that has passed. */
async function until(dueMs: number, state: OpenLoopState): Promise<void> {
  let nowMs = performance.now();
  if (nowMs >= dueMs && nowMs - state.yieldedMs < longestWithoutYieldMs) return;
  if (dueMs - nowMs > spunMs) {
    await new Promise((resolve) => setTimeout(resolve, Math.floor(dueMs - nowMs - spunMs)));
    nowMs = performance.now();
  }
  do {
    const { events } = state;
    await new Promise((resolve) => setImmediate(resolve));
    const laterMs = performance.now();
    if (state.events === events) state.idleMs += Math.min(laterMs - nowMs, idleTurnMs);
    nowMs = laterMs;
  } while (nowMs < dueMs);
  state.yieldedMs = nowMs;
}

function sendQueued(loop: OpenLoop, state: OpenLoopState): void {
  while (state.free.length > 0) {
    const arrival = state.queue.take();
    if (arrival === undefined) return;
    const client = state.free.pop() as number;
    state.underWay += 1;
    loop.clients[client]?.(arrival.iteration).then(
      () => {
        const nowMs = performance.now();
        if (arrival.intendedMs >= state.recordFromMs) record(state.latencies, nowMs - arrival.intendedMs);
        state.lastAnswerMs = nowMs;
        finish(loop, state, client);
      },
      (thrown) => {
        state.failure ??= { thrown };
        finish(loop, state, client);
      },
    );
  }
}

function finish(loop: OpenLoop, state: OpenLoopState, client: number): void {
  state.events += 1;
  state.underWay -= 1;
  state.free.push(client);
  sendQueued(loop, state);
}

async function drain(loop: OpenLoop, state: OpenLoopState): Promise<void> {
  const endMs = performance.now() + (loop.drainMs ?? 5_000);
  while (state.underWay > 0 && performance.now() < endMs) {
    loop.signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  state.dropped = state.offered - state.latencies.histogram.totalCount;
  state.queue.clear();
  if (state.failure !== undefined) throw state.failure.thrown;
}

function scheduleReport(errors: Recorder, arrivals: Arrivals): ScheduleReport {
  const { p50Us, p99Us, maxUs } = latenciesOf(errors, 0);
  return { arrivals, errorP50Us: p50Us, errorP99Us: p99Us, errorMaxUs: maxUs, held: p99Us <= 1_000 };
}
