import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ClientHealth } from '../results.ts';

/** Node runs a process's JavaScript on one core: above this share of it, requests wait for the client. */
const saturatedCpuShare = 0.9;

/** Timers that are later than this were held up. What they add up to, over a quarter of the time, is the client's doing. */
const lateTimerMs = 5;
const heldUpShare = 0.25;

/** A process that was ready to run and had no core for so much of the time shows the machine's load, not the store's. */
const starvedShare = 0.2;

/** Pause between two looks of the monitor; it records the whole pause, not what it was longer than asked for. */
const resolutionMs = 5;

/** Begins to watch this process; the returned function ends it and judges what was measured meanwhile. */
export function watchClient(): (spunMs?: number) => ClientHealth {
  const monitor = monitorEventLoopDelay({ resolution: resolutionMs });
  monitor.enable();
  const waitedBefore = waitedForCoreMs();
  const cpuBefore = process.cpuUsage();
  const beganMs = performance.now();
  return (spunMs = 0) => {
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
      bound: whyBound(cpuShare, waitedShare, heldUpMs(delayMs, monitor.count) / elapsedMs),
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

/**
 * Time for which timers were held up. A blocked loop looks at few timers, each of them late for long: counted by timers,
 * half of the time is a tenth of them.
 */
function heldUpMs(delayMs: (percentile: number) => number, count: number): number {
  const delays = Array.from({ length: 100 }, (_, index) => delayMs(index + 0.5));
  return delays.filter((delay) => delay >= lateTimerMs).reduce((sum, delay) => sum + (delay * count) / 100, 0);
}

function whyBound(cpuShare: number, waitedShare: number, heldShare: number): string | null {
  if (cpuShare >= saturatedCpuShare) {
    return `client-bound: this process used ${Math.round(cpuShare * 100)} % of a core`;
  }
  if (waitedShare >= starvedShare) {
    return `client-bound: this process waited for a core ${Math.round(waitedShare * 100)} % of the time`;
  }
  if (heldShare >= heldUpShare) {
    return `client-bound: this process's own event loop was held up ${Math.round(heldShare * 100)} % of the time`;
  }
  return null;
}
