import { expect, test } from 'vitest';
import { memoryOf, nodeItselfBytes } from '../../bench/isolation/broker-memory.ts';
import { figuresOf, measureInTurns } from '../../bench/isolation/in-turns.ts';
import { type IsolationReport, missedOf } from '../../bench/isolation/results.ts';
import { ratioOf, timesOf } from '../../bench/isolation/times.ts';
import type { Way } from '../../bench/isolation/ways.ts';
import { formatIsolationBench } from '../../sandbox/report/bench/isolation-bench-text.ts';
import { colorsFor } from '../../sandbox/report/colors.ts';
import { madeUpReport } from './support/reports.ts';

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test('a percentile is told where enough samples lie beyond it', () => {
  expect(timesOf(upTo(19))).toMatchObject({ samples: 19, p50Ms: 10, p95Ms: null, p99Ms: null, maxMs: 19 });
  expect(timesOf(upTo(20))).toMatchObject({ p50Ms: 10.5, p99Ms: null });
  expect(timesOf(upTo(20)).p95Ms).toBeGreaterThan(18);
  expect(timesOf(upTo(100))).toMatchObject({ p50Ms: 50.5, p95Ms: 95.05, p99Ms: 99.01, maxMs: 100 });
});

test('a ratio is that of each round: a machine that slows down for some of them leaves it as it is', () => {
  const lease = upTo(21);
  const other = lease.map((ms) => ms * 2);
  const slowed = (times: readonly number[]) => times.map((ms, round) => (round % 3 === 0 ? ms * 40 : ms));
  expect(ratioOf(lease, other)).toBe(0.5);
  expect(ratioOf(slowed(lease), slowed(other))).toBe(0.5);
});

/** A way that takes these milliseconds in its rounds; the first is the one that is discarded. */
function wayOf(way: string, role: Way['role'], timesMs: readonly number[], order: string[] = []): Way {
  let round = 0;
  return {
    role,
    way,
    async run() {
      order.push(way);
      round += 1;
      return timesMs[round - 1] ?? Number.NaN;
    },
  };
}

test('ways take turns, the first round is discarded, and each has as many samples as it had rounds', async () => {
  const order: string[] = [];
  const ways = [wayOf('lease', 'lease', [900, 1, 2, 3], order), wayOf('bare', 'bare', [900, 2, 4, 6], order)];
  const times = await measureInTurns(ways, { rounds: 3, budgetMs: 10_000 });
  expect([...times.values()]).toEqual([
    [1, 2, 3],
    [2, 4, 6],
  ]);
  expect(order).toEqual(['lease', 'bare', 'bare', 'lease', 'lease', 'bare', 'bare', 'lease']);
});

test('no more rounds begin once the budget is spent, but for the three that a median needs', async () => {
  const times = await measureInTurns([wayOf('lease', 'lease', [900, 1, 2, 3, 4])], { rounds: 50, budgetMs: -1 });
  expect([...times.values()]).toEqual([[1, 2, 3]]);
});

test('a run that is broken off begins no other way', async () => {
  const stop = new AbortController();
  const way: Way = {
    ...wayOf('lease', 'lease', []),
    async run() {
      stop.abort(new Error('enough'));
      return 1;
    },
  };
  await expect(measureInTurns([way], { rounds: 3, budgetMs: 1, signal: stop.signal })).rejects.toThrow('enough');
});

const judged = async (leaseMs: number, peerMs: number, wantedMs: number) => {
  const ways = [wayOf('lease', 'lease', upTo(4).fill(leaseMs)), wayOf('tool 1', 'peer', upTo(4).fill(peerMs))];
  const bare = wayOf('loop', 'bare', upTo(4).fill(leaseMs / 2));
  const times = await measureInTurns([...ways, bare], { rounds: 3, budgetMs: 1_000 });
  return figuresOf({ engine: 'red', kind: 'made', wantedMs }, times);
};

test('a lease is held to its bound, a peer to being slower, and a bare loop to nothing', async () => {
  expect(await judged(10, 20, 15)).toMatchObject([
    { way: 'lease', wantedMs: 15, met: true },
    { way: 'tool 1', ratio: 0.5, met: true },
    { way: 'loop', ratio: 2 },
  ]);
  const [lease, peer, loop] = await judged(20, 10, 15);
  expect([lease?.met, peer?.met, loop?.met]).toEqual([false, false, undefined]);
});

test('a report names what was missed, what was not run and why, and what each figure was held against', async () => {
  const report: IsolationReport = {
    version: 1,
    kind: 'isolation',
    environment: madeUpReport({}).environment,
    figures: [...(await judged(20, 10, 15))],
    workers: {
      ...{ workers: 4, engines: ['red'], tests: 24, rounds: 1, leasedS: 2.2, heldS: 2, testMs: 300, addedMs: 30 },
      ...{ ratio: 1.1, ratios: [1.1], wantedRatio: 1.05, met: false },
    },
    memory: {
      ...{ program: 'source', residentBytes: 90e6, peakBytes: 95e6, nodeItselfBytes: 45e6, places: { red: 8 } },
      ...{ wantedBytes: 100e6, met: null },
    },
    notRun: [{ engine: 'red', what: 'tool 2', reason: 'no `go` is in the PATH' }],
  };
  expect(missedOf(report)).toEqual(['red, made: lease', 'red, made: tool 1', 'workers']);
  const text = formatIsolationBench(report, colorsFor({}, { NO_COLOR: '1' }));
  expect(text).toMatch(
    /red +made +lease +3 +20\.0 +- +- +15\.0 +missed\n +tool 1 +3 +10\.0 .* 2\.00 +< 1\.00 +missed\n/,
  );
  expect(text).toMatch(/1\.100 times \(wanted: at most 1\.05\) missed/);
  expect(text).toMatch(/not judged: run `npm run build` first/);
  expect(text).toContain('red, tool 2: not run: no `go` is in the PATH');
});

test.skipIf(process.platform !== 'linux')(
  'memory of a process is what the system says, and Node.js itself has most',
  async () => {
    const own = await memoryOf(process.pid);
    expect(own.residentBytes / process.memoryUsage.rss()).toBeCloseTo(1, 0);
    expect(own.peakBytes).toBeGreaterThanOrEqual(own.residentBytes);
    expect(await nodeItselfBytes()).toBeGreaterThan(20e6);
  },
);
