import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { benchStack, benchStacks } from '../../bench/bench-stack.ts';
import { compareReports } from '../../bench/compare/compare-reports.ts';
import { doubtfulOf, lookUntilClear } from '../../bench/compare/looks.ts';
import type { BenchReport } from '../../bench/results.ts';
import { runBenchmarks } from '../../bench/run-benchmarks.ts';
import type { Engine } from '../../sandbox/engines/contract/engine.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';
import { openPrimary } from '../../sandbox/engines/postgresql/server/connection.ts';
import { formatBench } from '../../sandbox/report/bench/bench-text.ts';
import { colorsFor } from '../../sandbox/report/colors.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { createDataset } from '../../seeds/create-dataset.ts';

/** Rounds are of different times: what the machine did is taken out of each. */
const pairing = 'by-reference';

/** The index over the vectors of `small` takes longer than all else, and says nothing here. */
const dataset = createDataset({ size: { knowledge: 216 } });
let stack: Stack<'postgresql' | 'redis'>;
let engines: readonly Engine[];
let report: BenchReport;

const target = () => ({ engines, dataset, running: new Map(Object.entries(stack.engines)) });

beforeAll(async () => {
  [stack, engines] = await Promise.all([
    createStack({ engines: ['postgresql', 'redis'], dataset }),
    loadEngines(['postgresql', 'redis']),
  ]);
  report = await runBenchmarks({
    ...target(),
    paths: ['user by e-mail', 'cached user'],
    clients: 4,
    warmUpMs: 100,
    measureMs: 1_000,
    rounds: 2,
  });
});
afterAll(() => stack?.dispose());

describe('a full run', () => {
  test('has each path with one client, at its maximum, and at 50 % and 80 % of it on a schedule', () => {
    for (const engine of ['postgresql', 'redis']) {
      const [, maximum, half, most] = report.paths.filter((path) => path.engine === engine);
      expect(report.paths.filter((path) => path.engine === engine).map(({ mode }) => mode)).toEqual([
        'closed',
        'closed',
        'open',
        'open',
      ]);
      const reached = maximum?.achievedPerS ?? Number.NaN;
      expect((half?.offeredPerS ?? 0) / reached).toBeCloseTo(0.5, 1);
      expect((most?.offeredPerS ?? 0) / reached).toBeCloseTo(0.8, 1);
      for (const open of [half, most]) {
        expect((open?.samples ?? 0) + (open?.dropped ?? 0)).toBe(Math.round(open?.offeredPerS ?? 0));
        expect(open?.schedule).toMatchObject({ arrivals: 'constant' });
      }
    }
    expect(report.rounds.map(({ engine, round }) => `${engine} ${round}`).toSorted()).toEqual([
      'postgresql 0',
      'postgresql 1',
      'redis 0',
      'redis 1',
    ]);
  });

  test('has pgbench and redis-benchmark beside them', () => {
    expect(report.notRun).toEqual([]);
    expect(report.references.map(({ name }) => name).toSorted()).toEqual(['pgbench', 'redis-benchmark']);
    for (const { achievedPerS } of report.references) expect(achievedPerS).toBeGreaterThan(100);
  });

  test('says what it was measured on, durability before all, and no password', () => {
    expect(report.environment.serverSettings).toMatchObject({
      postgresql: { fsync: expect.stringMatching(/^(on|off)$/), synchronous_commit: expect.any(String) },
      redis: { appendonly: expect.stringMatching(/^(yes|no)$/), appendfsync: expect.any(String) },
    });
    expect(report.environment).toMatchObject({ fileSystem: expect.any(String), loadBefore: expect.any(Number) });
    const text = JSON.stringify(report);
    const passwords = Object.values(stack.engines).flatMap(({ secrets }) => Object.values(secrets));
    expect(passwords.filter((password) => text.includes(password))).toEqual([]);
  });

  test('leaves no user behind in Redis', async () => {
    expect(await stack.clients.redis.call('ACL', 'USERS')).toEqual(['default']);
  });
});

test('paths through several stores that do not all run are listed with the engines that are missing', async () => {
  const all = await benchStack(stack, { warmUpMs: 20, measureMs: 60 });
  expect(all.paths.filter(({ engine }) => engine === 'across stores')).toEqual([]);
  expect(all.notRun).toEqual([
    {
      engine: 'across stores',
      path: 'user profile page',
      reason: 'it goes through mongodb too, which is not measured here',
      isLeftOut: true,
    },
    {
      engine: 'across stores',
      path: 'retrieval for an answer',
      reason: 'it goes through mongodb and neo4j and qdrant too, which are not measured here',
      isLeftOut: true,
    },
  ]);
  expect(formatBench(all, colorsFor({ isTTY: false }, {}))).toContain(
    'not run across stores / user profile page: it goes through',
  );
});

test('two stacks are measured in turns within each round of a path', async () => {
  const order: string[] = [];
  const [first, second] = await benchStacks([stack, stack], {
    paths: ['cached user'],
    warmUpMs: 50,
    measureMs: 400,
    rounds: 4,
    progress: (event) => event.kind === 'started' && order.push(event.task.join(' ')),
  });
  expect([first?.rounds.length, second?.rounds.length]).toEqual([4, 4]);
  expect(order).toEqual([
    'bench parameters and answers',
    ...[1, 2, 3, 4].map((round) => `bench redis round ${round} cached user`),
  ]);
});

test('the gate finds a path of a real server that got a millisecond slower, five times a login', async () => {
  const measure = () =>
    runBenchmarks({ ...target(), paths: ['user by e-mail'], warmUpMs: 100, measureMs: 1_800, rounds: 12 });
  const before = { name: 'before', report: await measure() };
  const readings = () => before.report.rounds.map(({ p10Us, yardstickP10Us }) => [p10Us, yardstickP10Us]);
  expect(readings()).toEqual(Array(12).fill([expect.any(Number), expect.any(Number)]));
  await using opened = await openPrimary(stack.engines.postgresql, { database: 'taishang_users' });
  await opened.client.query(
    'ALTER TABLE users RENAME TO real_users; ' +
      'CREATE VIEW users AS SELECT * FROM real_users WHERE pg_sleep(0.001) IS NOT NULL',
  );
  try {
    const compare = (report: BenchReport) => compareReports(before, { name: 'after', report }, pairing);
    const [report] = await lookUntilClear(
      async () => [await measure()],
      ([now]) => doubtfulOf(compare(now as BenchReport)),
    );
    const compared = compare(report as BenchReport);
    expect(compared).toMatchObject({
      verdict: 'fail',
      paths: [
        { path: 'user by e-mail', latency: { verdict: 'slower' }, failures: [expect.stringMatching(/^slower by/)] },
      ],
    });
    // One more than the first, and further ones where the machine left a doubt.
    expect(compared.paths[0]?.looks).toBeGreaterThanOrEqual(2);
  } finally {
    await opened.client.query('DROP VIEW users; ALTER TABLE real_users RENAME TO users');
  }
});

test('a path whose index is gone fails by its plan, whatever its speed', async () => {
  const { postgresql } = stack.engines;
  await using opened = await openPrimary(postgresql, { database: 'taishang_users' });
  await opened.client.query('ALTER TABLE users DROP CONSTRAINT idx_users_email');
  const [path] = (await runBenchmarks({ ...target(), paths: ['user by e-mail'], warmUpMs: 50, measureMs: 200 })).paths;
  await opened.client.query('ALTER TABLE users ADD CONSTRAINT idx_users_email UNIQUE (email)');
  expect(path).toMatchObject({ plan: { ok: false, actual: 'Seq Scan on users (hot)' }, answer: { ok: true } });
});
