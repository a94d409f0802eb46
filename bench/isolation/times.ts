import { median, quantile } from 'simple-statistics';
import type { LeaseFigure, Times } from './results.ts';

/** Fewer samples than this have no such percentile: it would be the slowest of them, as in `measure/objectives.ts`. */
const samplesForP95 = 20;
const samplesForP99 = 100;

/** Throws where nothing was measured. */
export function timesOf(samplesMs: readonly number[]): Times {
  const at = (share: number) => rounded(quantile([...samplesMs], share));
  const samples = samplesMs.length;
  return {
    samples,
    p50Ms: rounded(median([...samplesMs])),
    p95Ms: samples < samplesForP95 ? null : at(0.95),
    p99Ms: samples < samplesForP99 ? null : at(0.99),
    maxMs: rounded(Math.max(...samplesMs)),
  };
}

/** Median of the ratios of each round: what slows the machine for a while slows both. */
export function ratioOf(leasesMs: readonly number[], othersMs: readonly number[]): number {
  const rounds = Math.min(leasesMs.length, othersMs.length);
  const ratios = Array.from({ length: rounds }, (_, round) => (leasesMs[round] ?? 0) / (othersMs[round] ?? 0));
  return rounded(median(ratios));
}

/** A lease is wanted to be at most so slow, and faster than a peer. Of a bare loop nothing is wanted. */
export function judge(
  { role, p50Ms, ratio }: Pick<LeaseFigure, 'role' | 'p50Ms' | 'ratio'>,
  wantedMs: number | undefined,
): Pick<LeaseFigure, 'wantedMs' | 'met'> {
  if (role === 'peer' && ratio !== undefined) return { met: ratio < 1 };
  if (role === 'lease' && wantedMs !== undefined) return { wantedMs, met: p50Ms <= wantedMs };
  return {};
}

export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
