import { build, type Histogram } from 'hdr-histogram-js';
import type { Distribution, Latencies } from '../results.ts';

/** Fewer samples than this have no 99.9th percentile: it would rest on fewer than ten of them. */
const samplesForP999 = 10_000;

/** Quantiles of a distribution, in percent, denser towards the tail, where the interesting things are. */
const shownPercentiles = [0, 5, 10, 25, 50, 75, 80, 85, 90, 95, 97.5, 99, 99.5, 99.9, 99.95, 99.99, 100];

/** Collects latencies. In nanoseconds: a microsecond is too coarse where an answer takes thirty. */
export interface Recorder {
  readonly histogram: Histogram;
}

/** Three significant digits up to ten minutes. */
export function createRecorder(): Recorder {
  return {
    histogram: build({ lowestDiscernibleValue: 1, highestTrackableValue: 600e9, numberOfSignificantValueDigits: 3 }),
  };
}

export function record({ histogram }: Recorder, latencyMs: number): void {
  histogram.recordValue(Math.max(1, Math.round(latencyMs * 1e6)));
}

/** Percentiles of what was recorded over `elapsedMs`, the time that throughput is counted over. */
export function latenciesOf({ histogram }: Recorder, elapsedMs: number): Latencies {
  const samples = histogram.totalCount;
  const at = (percentile: number) => toMicroseconds(histogram.getValueAtPercentile(percentile));
  return {
    samples,
    achievedPerS: elapsedMs > 0 ? Math.round((samples / elapsedMs) * 1e4) / 10 : 0,
    p50Us: at(50),
    p90Us: at(90),
    p99Us: at(99),
    p999Us: samples < samplesForP999 ? null : at(99.9),
    maxUs: toMicroseconds(histogram.maxValue),
  };
}

/** What a tenth of the requests were faster than, in microseconds. */
export function fastTenthOf({ histogram }: Recorder): number {
  return toMicroseconds(histogram.getValueAtPercentile(10));
}

/** Points of the cumulative distribution, as far into the tail as there are ten samples beyond, and the maximum. */
export function distributionOf({ histogram }: Recorder): Distribution {
  const samples = histogram.totalCount;
  if (samples === 0) return [];
  return shownPercentiles
    .filter((percentile) => percentile <= 90 || percentile === 100 || samples * (1 - percentile / 100) >= 10)
    .map((percentile) => ({
      percentile,
      latencyUs: toMicroseconds(
        percentile === 0 ? histogram.minNonZeroValue : histogram.getValueAtPercentile(percentile),
      ),
    }));
}

function toMicroseconds(ns: number): number {
  return Math.round(ns / 100) / 10;
}
