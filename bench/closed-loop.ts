import { build, type Histogram } from 'hdr-histogram-js';
import type { Latencies } from './results.ts';

/** The path and its reference take turns of this length, so that both see the same machine. */
const turnMs = 100;

export interface ClosedLoop {
  readonly run: (iteration: number) => Promise<void>;
  readonly reference: (iteration: number) => Promise<void>;
  readonly warmUpMs: number;
  /** Time for the path and its reference together. */
  readonly measureMs: number;
  readonly signal: AbortSignal;
}

/** One client, one request at a time, the path and its reference in turns. The warm-up is discarded. */
export async function measureClosedLoop(
  loop: ClosedLoop,
): Promise<{ readonly path: Latencies; readonly reference: Latencies }> {
  const discarded = createRecorder();
  await alternate(loop, loop.warmUpMs, discarded, discarded);
  const path = createRecorder();
  const reference = createRecorder();
  await alternate(loop, loop.measureMs, path, reference);
  return { path: latenciesOf(path), reference: latenciesOf(reference) };
}

interface Recorder {
  /** In nanoseconds: a microsecond is too coarse where an answer takes thirty. */
  readonly histogram: Histogram;
  busyNs: number;
}

function createRecorder(): Recorder {
  return {
    histogram: build({ lowestDiscernibleValue: 1, highestTrackableValue: 60e9, numberOfSignificantValueDigits: 3 }),
    busyNs: 0,
  };
}

async function alternate(loop: ClosedLoop, forMs: number, path: Recorder, reference: Recorder): Promise<void> {
  const endMs = performance.now() + forMs;
  let iteration = 0;
  while (performance.now() < endMs) {
    loop.signal.throwIfAborted();
    iteration = await takeTurn(loop.run, path, iteration);
    iteration = await takeTurn(loop.reference, reference, iteration);
  }
}

async function takeTurn(run: (iteration: number) => Promise<void>, recorder: Recorder, first: number): Promise<number> {
  const endNs = process.hrtime.bigint() + BigInt(turnMs * 1e6);
  let iteration = first;
  for (let startNs = process.hrtime.bigint(); startNs < endNs; ) {
    await run(iteration);
    iteration += 1;
    const nowNs = process.hrtime.bigint();
    const tookNs = Number(nowNs - startNs);
    recorder.histogram.recordValue(tookNs);
    recorder.busyNs += tookNs;
    startNs = nowNs;
  }
  return iteration;
}

function latenciesOf({ histogram, busyNs }: Recorder): Latencies {
  const microseconds = (ns: number) => Math.round(ns / 100) / 10;
  return {
    samples: histogram.totalCount,
    achievedPerS: Math.round((histogram.totalCount / busyNs) * 1e10) / 10,
    p50Us: microseconds(histogram.getValueAtPercentile(50)),
    p90Us: microseconds(histogram.getValueAtPercentile(90)),
    p99Us: microseconds(histogram.getValueAtPercentile(99)),
    maxUs: microseconds(histogram.maxValue),
  };
}
