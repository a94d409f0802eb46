import { expect, test } from 'vitest';
import { measureClosedLoop } from '../../bench/load/closed-loop.ts';
import { measureOpenLoop, type OpenLoopResult } from '../../bench/load/open-loop.ts';
import { startKnownServer } from '../../bench/proofs/known-client.ts';
import { type KnownServerReport, machineMs } from '../../bench/proofs/known-server.ts';

const { signal } = new AbortController();
const serviceMs = 20;
const ratePerS = 200;
const warmUpMs = 1_000;
const measureMs = 14_000;
const firstRecorded = (warmUpMs / 1_000) * ratePerS;
const arrivals = (measureMs / 1_000) * ratePerS;
const stalls = { lengthMs: 1_000, everyMs: 5_000 };

interface Sent {
  readonly iteration: number;
  readonly gotMs: number;
}

/** By nearest rank. */
function percentilesOf(waitsMs: readonly number[]) {
  const sorted = waitsMs.toSorted((left, right) => left - right);
  const at = (percentile: number) => sorted[Math.ceil((percentile / 100) * sorted.length) - 1] ?? Number.NaN;
  return { p50: at(50), p90: at(90), p99: at(99) };
}

/** When each arrival was meant to be sent, by the clock that both processes share. */
function intendedMsOf({ startedMs }: OpenLoopResult) {
  const startMs = startedMs + machineMs() - performance.now();
  return (iteration: number) => startMs + (iteration * 1_000) / ratePerS;
}

/**
 * What each arrival must wait at the least, on any machine: the fixed time, and by the server's own record of its stalls, a
 * request that comes in one is taken up at its end, and an answer that falls due in one is given at its end.
 */
function leastWaitsMs(intendedMs: (iteration: number) => number, { stalls }: KnownServerReport): readonly number[] {
  const endOfStall = (atMs: number) =>
    stalls.find(({ beginMs, endMs }) => atMs >= beginMs && atMs < endMs)?.endMs ?? atMs;
  return Array.from({ length: arrivals }, (_, index) => {
    const atMs = intendedMs(firstRecorded + index);
    return endOfStall(endOfStall(atMs) + serviceMs) - atMs;
  });
}

test('an open loop shows what stalls of a second do to a server of 20 ms, within 3 %; a closed loop hides it', async () => {
  await using server = await startKnownServer({ serviceMs, service: 'sleep', stalls });
  const sent: Sent[] = [];
  const clients = Array.from({ length: 1_000 }, () => async (iteration: number) => {
    await server.request();
    sent.push({ iteration, gotMs: machineMs() });
  });
  const open = await measureOpenLoop({ clients, ratePerS, warmUpMs, measureMs, signal });
  const report = await server.report();
  expect(report.stalls.length).toBeGreaterThanOrEqual(2);
  expect(report.medianServiceMs).toBeGreaterThanOrEqual(serviceMs);

  const intendedMs = intendedMsOf(open);
  const recorded = sent.filter(({ iteration }) => iteration >= firstRecorded);
  // What a busy machine adds is in the answers that came, and is nothing that a model could tell.
  const waited = percentilesOf(recorded.map(({ iteration, gotMs }) => gotMs - intendedMs(iteration)));
  const least = percentilesOf(leastWaitsMs(intendedMs, report));
  const { p50Us, p90Us, p99Us, maxUs, p999Us, samples } = open.latencies;
  const shown = { p50: p50Us / 1e3, p90: p90Us / 1e3, p99: p99Us / 1e3 };
  for (const name of ['p50', 'p90', 'p99'] as const) {
    const off = Math.abs(shown[name] / waited[name] - 1);
    expect(off, `${name}: ${shown[name]} ms, and ${waited[name]} ms were waited`).toBeLessThan(0.03);
    expect(shown[name], name).toBeGreaterThan(least[name] * 0.97);
  }
  // The stalls hold a seventh of the time at the least: the 90th percentile is a part of a second, not 20 ms.
  expect(shown.p90).toBeGreaterThan(10 * serviceMs);
  expect(maxUs).toBeGreaterThan(1_000e3);
  expect(p999Us).toBeNull();
  expect({ samples, dropped: open.dropped }).toEqual({ samples: arrivals, dropped: 0 });
  expect(open.offeredPerS).toBe(ratePerS);
  // Not the client's work, at any rate; where others have the cores, it says so.
  expect(open.client.bound ?? 'waited for a core').toContain('waited for a core');

  const request = async () => void (await server.request());
  const closed = await measureClosedLoop({
    clients: [request],
    warmUpMs: 0,
    // One stall is in it, wherever it begins.
    measureMs: stalls.everyMs + 2 * stalls.lengthMs,
    signal,
  });
  expect(closed.latencies.maxUs).toBeGreaterThan((stalls.lengthMs * 1e3) / 2);
  expect(closed.latencies.p90Us).toBeLessThan(p90Us / 2);
});
