import { expect, test } from 'vitest';
import { randomSource } from '../../bench/load/arrivals.ts';
import { measureClosedLoop } from '../../bench/load/closed-loop.ts';
import { measureOpenLoop, type OpenLoopResult } from '../../bench/load/open-loop.ts';
import { startKnownServer } from '../../bench/proofs/known-client.ts';
import { type KnownServerReport, machineMs } from '../../bench/proofs/known-server.ts';

const { signal } = new AbortController();
const serviceMs = 20;
const ratePerS = 200;
const warmUpMs = 1_000;
const measureMs = 14_000;
/** After a stall, what has gathered is answered at once: that is not what the machine adds to one request. */
const settledMs = 100;
const firstRecorded = (warmUpMs / 1_000) * ratePerS;
const arrivals = (measureMs / 1_000) * ratePerS;
const stalls = { lengthMs: 1_000, everyMs: 5_000 };

interface Sent {
  readonly iteration: number;
  readonly gotMs: number;
}

/**
 * What each arrival must wait: the fixed time, and by the server's own record of its stalls, a request that comes in one
 * is taken up at its end, and an answer that falls due in one is given at its end. A busy machine adds to that: what it
 * adds is taken, by one clock that both processes share, from requests away from any stall, and drawn at random for
 * each arrival. Percentiles are by nearest rank.
 */
function expectedPercentilesMs({ startedMs }: OpenLoopResult, { stalls }: KnownServerReport, sent: readonly Sent[]) {
  const startMs = startedMs + machineMs() - performance.now();
  const intendedMs = (iteration: number) => startMs + (iteration * 1_000) / ratePerS;
  const away = ({ iteration, gotMs }: Sent) =>
    stalls.every(({ beginMs, endMs }) => gotMs < beginMs || intendedMs(iteration) > endMs + settledMs);
  const added = sent.filter(away).map(({ iteration, gotMs }) => gotMs - intendedMs(iteration) - serviceMs);
  const random = randomSource(1);
  const drawAdded = () => added[Math.floor(random() * added.length)] ?? Number.NaN;
  const endOfStall = (atMs: number) =>
    stalls.find(({ beginMs, endMs }) => atMs >= beginMs && atMs < endMs)?.endMs ?? atMs;
  const waits = Array.from({ length: arrivals }, (_, index) => {
    const atMs = intendedMs(firstRecorded + index);
    return endOfStall(endOfStall(atMs) + serviceMs) - atMs + drawAdded();
  }).toSorted((left, right) => left - right);
  const at = (percentile: number) => waits[Math.ceil((percentile / 100) * waits.length) - 1] ?? Number.NaN;
  return { p50: at(50), p90: at(90), p99: at(99) };
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

  const expected = expectedPercentilesMs(open, report, sent);
  const { p50Us, p90Us, p99Us, maxUs, p999Us, samples } = open.latencies;
  const shown = { p50: p50Us / 1e3, p90: p90Us / 1e3, p99: p99Us / 1e3 };
  for (const name of ['p50', 'p90', 'p99'] as const) {
    const off = Math.abs(shown[name] / expected[name] - 1);
    expect(off, `${name}: ${shown[name]} ms, expected ${expected[name]} ms`).toBeLessThan(0.03);
  }
  // The stalls hold a fifth of the time: the 90th percentile is half a second, not 20 ms.
  expect(shown.p90).toBeGreaterThan(350);
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
  expect(closed.latencies.maxUs).toBeGreaterThan(900e3);
  expect(closed.latencies.p90Us).toBeLessThan(100e3);
});
