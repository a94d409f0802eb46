import { measureHarnessShare } from '../load/closed-loop.ts';
import { measureOpenLoop } from '../load/open-loop.ts';
import { startKnownServer } from './known-client.ts';

/**
 * Prints how exactly the open loop keeps its schedule under its own load, and what share of a bare loop's throughput
 * the closed loop reaches with the same request: `npx node bench/proofs/load-generator.ts`, about ten seconds on a
 * machine that does nothing else. Wanted: arrivals within 1,000 us at the 99th percentile, a share of at least 0.98.
 */
const { signal } = new AbortController();

const schedule = await openLoopSchedule();
console.log(
  `schedule error: p50 ${schedule.errorP50Us} us, p99 ${schedule.errorP99Us} us, max ${schedule.errorMaxUs} us`,
);
const share = await closedLoopShare();
console.log(`share of the bare loop's throughput: ${share.toFixed(3)}`);
process.exit(0);

async function openLoopSchedule() {
  await using server = await startKnownServer({ serviceMs: 0.02, service: 'work' });
  const clients = Array.from({ length: 200 }, () => async () => void (await server.request()));
  const measured = await measureOpenLoop({ clients, ratePerS: 2_000, warmUpMs: 500, measureMs: 3_000, signal });
  return measured.schedule;
}

async function closedLoopShare(): Promise<number> {
  await using server = await startKnownServer({ serviceMs: 0, service: 'work' });
  const clients = Array.from({ length: 4 }, () => async () => void (await server.request()));
  return await measureHarnessShare({ clients, warmUpMs: 300, measureMs: 6_000, signal });
}
