import { randomSource } from '../../../bench/load/arrivals.ts';
import type { BenchReport, PathResult } from '../../../bench/results.ts';

/** What a path of a made-up report is like. */
export interface MadeUpPath {
  readonly p50Us: number;
  /** The bare driver loop's. Default: 100. */
  readonly referenceP50Us?: number;
  readonly plan?: string;
  readonly planOk?: boolean | null;
  readonly answer?: string;
  readonly answerOk?: boolean | null;
}

/** A report of 24 rounds with noise of one per cent, for what is done with reports: no engine is measured. */
export function madeUpReport(paths: Readonly<Record<string, MadeUpPath>>, seed = 1): BenchReport {
  const random = randomSource(seed);
  const noisy = (value: number) => value * (1 + (random() - 0.5) * 0.02);
  return {
    version: 1,
    environment: {
      system: 'Linux 6.1',
      processor: 'made up',
      cores: 2,
      memoryBytes: 8e9,
      node: 'v24.0.0',
      startedAt: '2026-01-01T00:00:00.000Z',
      commit: 'abc',
      fileSystem: 'ext4',
      dataset: { size: 'small', seed: 1 },
      loadBefore: 0.1,
      loadAfter: 0.2,
      clientCpuShare: 0.3,
      servers: { redis: '8.0' },
      serverSettings: { redis: { appendonly: 'no' } },
    },
    paths: Object.entries(paths).map(([path, made]) => pathResult(path, made)),
    notRun: [],
    rounds: Object.entries(paths).flatMap(([path, { p50Us, referenceP50Us = 100 }]) =>
      Array.from({ length: 24 }, (_, round) => ({
        engine: 'redis',
        path,
        round,
        samples: 1_000,
        p50Us: noisy(p50Us),
        p90Us: noisy(p50Us * 2),
        referenceP50Us: noisy(referenceP50Us),
      })),
    ),
    curves: [],
    references: [],
    recall: [],
  };
}

function pathResult(
  path: string,
  { p50Us, referenceP50Us = 100, plan = 'index', planOk, answer = '42', answerOk }: MadeUpPath,
): PathResult {
  const latencies = {
    samples: 24_000,
    achievedPerS: 1e6 / p50Us,
    p50Us,
    p90Us: p50Us * 2,
    p99Us: p50Us * 4,
    p999Us: p50Us * 8,
    maxUs: p50Us * 9,
  };
  return {
    ...latencies,
    engine: 'redis',
    path,
    topology: 'standalone',
    origin: 'built',
    mode: 'closed',
    clients: 1,
    offeredPerS: null,
    dropped: 0,
    client: { cpuShare: 0.3, waitedForCoreShare: 0, eventLoopDelayP50Us: 10, eventLoopDelayP99Us: 100, bound: null },
    distribution: [
      { percentile: 0, latencyUs: p50Us / 2 },
      { percentile: 50, latencyUs: p50Us },
      { percentile: 99, latencyUs: p50Us * 4 },
      { percentile: 100, latencyUs: p50Us * 9 },
    ],
    plan: { expected: 'index', actual: plan, ok: planOk === undefined ? plan === 'index' : planOk },
    answer: { expected: '42', actual: answer, ok: answerOk === undefined ? answer === '42' : answerOk },
    reference: { name: 'bare driver loop', ...latencies, p50Us: referenceP50Us, ratio: p50Us / referenceP50Us },
  };
}
