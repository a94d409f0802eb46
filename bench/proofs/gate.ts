import { cpus, loadavg } from 'node:os';
import { median, quantile } from 'simple-statistics';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';
import { statementOf } from '../../sandbox/engines/postgresql/bench/query-paths/sql-path.ts';
import { openPrimary } from '../../sandbox/engines/postgresql/server/connection.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import { type Comparison, compareReports, percent } from '../compare/compare-reports.ts';
import { doubtfulOf, lookUntilClear, unsettledOf } from '../compare/looks.ts';
import type { BenchReport } from '../results.ts';
import { runBenchmarks } from '../run-benchmarks.ts';

/**
 * Proves the gate on a real stack: `npx node bench/proofs/gate.ts [runs]`, by default 20 of each kind, about 30 minutes.
 * Saved runs of three paths are compared with later runs in which nothing has changed, and with runs in which one path
 * got 20 % slower: its table is a view that makes the server count. At most one unchanged run in twenty is to raise an
 * alarm, on any of its paths, and at least 19 of 20 slowdowns are to be found. Ends with exit code 1 where they are not.
 */
const runs = Number(process.argv[2] ?? 20);
const slowedPath = 'user by e-mail';
const paths = [slowedPath, 'cached user', 'cached conversation'];
const slowdown = 0.2;

const names = ['postgresql', 'redis'] as const;
const dataset = createDataset({ size: 'small' });
await using stack = await createStack({ engines: names, size: 'small' });
const engines = await loadEngines(names);
await using opened = await openPrimary(stack.engines.postgresql, { database: 'taishang_users' });
const { client } = opened;

const measure = (named: readonly string[] = paths) =>
  runBenchmarks({
    engines,
    dataset,
    running: new Map(Object.entries(stack.engines)),
    paths: named,
    measureMs: 6_000,
    rounds: 24,
  });

/** As `bench --save` does. */
async function save(): Promise<BenchReport> {
  const [report] = await lookUntilClear(
    async (named) => [await measure(named)],
    ([only]) => (only === undefined ? [] : unsettledOf(only)),
  );
  return report as BenchReport;
}

/** As `bench --against --save` does. */
async function against(
  before: BenchReport,
): Promise<{ readonly report: BenchReport; readonly comparison: Comparison }> {
  const compare = (report: BenchReport) =>
    compareReports({ name: 'before', report: before }, { name: 'after', report }, 'by-reference');
  const [report] = await lookUntilClear(
    async (named) => [await measure(named)],
    ([only]) => (only === undefined ? [] : [...doubtfulOf(compare(only)), ...unsettledOf(only)]),
  );
  if (report === undefined) throw new Error('it was measured');
  return { report, comparison: compare(report) };
}

async function slow(count: number): Promise<void> {
  await client.query(
    'ALTER TABLE users RENAME TO real_users; ' +
      `CREATE VIEW users AS SELECT * FROM real_users WHERE (SELECT count(*) FROM generate_series(1, ${count})) > 0`,
  );
}

async function restore(): Promise<void> {
  await client.query('DROP VIEW users; ALTER TABLE real_users RENAME TO users');
}

/** How much slower the path's statement is on the view, in turns, as a share. */
async function measuredSlowdown(count: number): Promise<number> {
  const statement = await statementOf('user-by-email');
  const email = (await client.query<{ email: string }>('SELECT email FROM users LIMIT 1')).rows[0]?.email;
  await slow(count);
  try {
    const texts = [statement, statement.replace(/\busers\b/, 'real_users')];
    const ratios: number[] = [];
    for (let block = 0; block < 40; block += 1) {
      const times: [number[], number[]] = [[], []];
      for (let request = 0; request < 200; request += 1) {
        const which = request % 2 === 0 ? 0 : 1;
        const beganMs = performance.now();
        await client.query({ name: `${which} ${count}`, text: texts[which] as string, values: [email] });
        times[which].push(performance.now() - beganMs);
      }
      const [slowed = Number.NaN, plain = Number.NaN] = times.map((each) => quantile(each, 0.1));
      ratios.push(slowed / plain);
    }
    return median(ratios) - 1;
  } finally {
    await restore();
  }
}

/** How far the server must count for the slowdown that is wanted. */
async function calibrate(): Promise<number> {
  const [less, more] = [200, 2_000];
  const [low, high] = [await measuredSlowdown(less), await measuredSlowdown(more)];
  return Math.max(1, Math.round(less + ((slowdown - low) / (high - low)) * (more - less)));
}

const isAlarm = (verdict: string) => verdict === 'slower' || verdict === 'faster';
const count = await calibrate();
console.log(`injected: ${Math.round((await measuredSlowdown(count)) * 1_000) / 10} % (in turns, count to ${count})`);
let before = await save();
let alarms = 0;
let found = 0;
for (let run = 1; run <= runs; run += 1) {
  await slow(count);
  const slowed = await against(before).finally(restore);
  const verdict = slowed.comparison.paths.find(({ path }) => path === slowedPath);
  found += verdict?.latency.verdict === 'slower' ? 1 : 0;
  const { report, comparison } = await against(before);
  const alarmed = comparison.paths.filter(({ latency, failures }) => isAlarm(latency.verdict) || failures.length > 0);
  alarms += alarmed.length > 0 ? 1 : 0;
  const text = ({ path, latency, looks }: Comparison['paths'][number]) =>
    `${path} ${latency.verdict} ${latency.beforeUs} -> ${latency.afterUs} us, looks ${looks}`;
  console.log(
    `run ${run}, load ${loadavg()[0]?.toFixed(1)}: slowed: ${verdict && text(verdict)}; ` +
      `unchanged: ${alarmed.length === 0 ? 'no alarm' : alarmed.map(text).join(', ')}, ` +
      comparison.paths
        .map(({ latency: { change, verdict: of }, looks }) => `${percent(change)} ${of} ${looks}`)
        .join(', '),
  );
  before = report;
}
console.log(`load of the machine: ${loadavg()[0]?.toFixed(1)} on ${cpus().length} cores`);
console.log(`unchanged runs: ${alarms} alarms in ${runs} runs of ${paths.length} paths (wanted: at most 1 in 20)`);
console.log(`one path 20 % slower: found in ${found} of ${runs} runs (wanted: at least 19 in 20)`);
process.exitCode = alarms <= runs / 20 && found >= (runs * 19) / 20 ? 0 : 1;
