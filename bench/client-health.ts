import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ClientHealth, Latencies } from './results.ts';

/** Node runs a process's JavaScript on one core: above this share of it, requests wait for the client. */
const saturatedCpuShare = 0.9;

/** Timers that are later than this at the 90th percentile, and make up a quarter of the latency, are its main part. */
const lateTimerMs = 5;
const latePart = 0.25;

/** A process that was ready to run and had no core for so much of the time shows the machine's load, not the store's. */
const starvedShare = 0.2;

/** Pause between two looks of the monitor; it records the whole pause, not what it was longer than asked for. */
const resolutionMs = 5;

/** Begins to watch this process; the returned function ends it and judges what was measured meanwhile. */
export function watchClient(): (latencies: Latencies, spunMs?: number) => ClientHealth {
  const monitor = monitorEventLoopDelay({ resolution: resolutionMs });
  monitor.enable();
  const waitedBefore = waitedForCoreMs();
  const cpuBefore = process.cpuUsage();
  const beganMs = performance.now();
  return (latencies, spunMs = 0) => {
    monitor.disable();
    const { user, system } = process.cpuUsage(cpuBefore);
    const elapsedMs = performance.now() - beganMs;
    const cpuShare = Math.max(0, (user + system) / 1_000 - spunMs) / elapsedMs;
    const waitedShare = (waitedForCoreMs() - waitedBefore) / elapsedMs;
    const delayMs = (percentile: number) => Math.max(0, monitor.percentile(percentile) / 1e6 - resolutionMs);
    return {
      cpuShare: Math.round(cpuShare * 100) / 100,
      eventLoopDelayP50Us: Math.round(delayMs(50) * 1e3),
      eventLoopDelayP99Us: Math.round(delayMs(99) * 1e3),
      waitedForCoreShare: Math.round(waitedShare * 100) / 100,
      bound: whyBound(cpuShare, waitedShare, delayMs(90), latencies),
    };
  };
}

/** Time that this thread was ready to run and had no core: the second figure of Linux's schedstat. 0 elsewhere. */
function waitedForCoreMs(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}

function whyBound(cpuShare: number, waitedShare: number, delayP90Ms: number, { p50Us }: Latencies): string | null {
  if (cpuShare >= saturatedCpuShare) {
    return `client-bound: this process used ${Math.round(cpuShare * 100)} % of a core`;
  }
  if (waitedShare >= starvedShare) {
    return `client-bound: this process waited for a core ${Math.round(waitedShare * 100)} % of the time`;
  }
  if (delayP90Ms >= lateTimerMs && delayP90Ms * 1e3 >= p50Us * latePart) {
    return `client-bound: this process's own timers were ${delayP90Ms.toFixed(1)} ms late (p90)`;
  }
  return null;
}
