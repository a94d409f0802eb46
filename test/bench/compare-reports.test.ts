import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareReports } from '../../bench/compare/compare-reports.ts';
import { readRun, saveRun } from '../../bench/compare/saved-runs.ts';
import { formatGoBenchmarks } from '../../bench/load/go-format.ts';
import { formatBenchSummary } from '../../sandbox/report/bench/bench-summary.ts';
import { formatComparison } from '../../sandbox/report/bench/comparison-text.ts';
import { formatBenchPage } from '../../sandbox/report/bench/page/bench-page.ts';
import { colorsFor } from '../../sandbox/report/colors.ts';
import { runCommand, runForDocument, runForError } from '../support/command.ts';
import { type MadeUpPath, madeUpReport } from './support/reports.ts';

function compare(before: MadeUpPath, after: MadeUpPath, pairing: 'interleaved' | 'by-reference' = 'interleaved') {
  const reports = [before, after].map((path, index) => ({
    name: `run ${index}`,
    report: madeUpReport({ path }, index + 1),
  }));
  return compareReports(reports[0] as never, reports[1] as never, pairing);
}

describe('a path fails a comparison', () => {
  test('where it got slower, with the change in words', () => {
    const { verdict, paths } = compare({ p50Us: 200 }, { p50Us: 224 });
    expect(verdict).toBe('fail');
    expect(paths[0]?.failures).toEqual([expect.stringMatching(/^slower by \+1[12]\.\d %$/)]);
  });

  test('where it has another plan, even one that is expected', () => {
    const { verdict, paths } = compare({ p50Us: 200, plan: 'other index', planOk: true }, { p50Us: 200 });
    expect(verdict).toBe('fail');
    expect(paths[0]).toMatchObject({
      plan: { before: 'other index', after: 'index' },
      failures: ['plan: other index -> index'],
    });
  });

  test('where its plan or its answer is wrong, however fast', () => {
    const { paths } = compare({ p50Us: 200 }, { p50Us: 50, plan: 'table scan', answer: '41' });
    expect(paths[0]?.failures).toEqual(['plan: index -> table scan', 'answer: 42 -> 41']);
  });

  test('and not where it got faster, stays the same, or came back to the expected plan', () => {
    expect(compare({ p50Us: 200 }, { p50Us: 150 })).toMatchObject({
      verdict: 'pass',
      paths: [{ latency: { verdict: 'faster' } }],
    });
    expect(compare({ p50Us: 200 }, { p50Us: 202 })).toMatchObject({
      verdict: 'pass',
      paths: [{ latency: { verdict: 'same' } }],
    });
    expect(compare({ p50Us: 200, plan: 'table scan' }, { p50Us: 200 }).verdict).toBe('pass');
  });
});

describe('what was not checked', () => {
  const unchecked = { answer: 'not checked: postgresql: 1 user added since it was seeded', answerOk: null };

  test.each([
    ['now', { p50Us: 200 }, { p50Us: 200, ...unchecked }],
    ['before', { p50Us: 200, ...unchecked }, { p50Us: 200 }],
  ])('%s is no other answer: it is listed', (_, before, after) => {
    const { verdict, paths, differences } = compare(before, after);
    expect(verdict).toBe('pass');
    expect(paths[0]).not.toHaveProperty('answer');
    expect(differences).toEqual([expect.stringMatching(/^answer of path: .*1 user added since it was seeded/)]);
  });

  test('in both is no difference, and a wrong answer now is one whatever was known before', () => {
    expect(compare({ p50Us: 200, ...unchecked }, { p50Us: 200, ...unchecked }).differences).toEqual([]);
    expect(compare({ p50Us: 200, ...unchecked }, { p50Us: 200, answer: '41' }).verdict).toBe('fail');
    const plan = { p50Us: 200, plan: 'not checked: others use the server', planOk: null };
    expect(compare({ p50Us: 200 }, plan)).toMatchObject({ verdict: 'pass', differences: [expect.any(String)] });
  });
});

test('runs of different times are compared by what ran beside them: a slower machine is no slower path', () => {
  const before = { p50Us: 200, referenceP50Us: 100 };
  const slowMachine = { p50Us: 300, referenceP50Us: 150 };
  expect(compare(before, slowMachine, 'by-reference').verdict).toBe('pass');
  expect(compare(before, { p50Us: 360, referenceP50Us: 150 }, 'by-reference').verdict).toBe('fail');
});

test('latencies of another machine are shown and not judged, and every difference is named', () => {
  const before = madeUpReport({ path: { p50Us: 200 } });
  const after = madeUpReport({ path: { p50Us: 400 } });
  const environment = { ...after.environment, cores: 8, serverSettings: { redis: { appendonly: 'yes' } } };
  const comparison = compareReports(
    { name: 'a', report: before },
    { name: 'b', report: { ...after, environment } },
    'interleaved',
  );
  expect(comparison.verdict).toBe('pass');
  expect(comparison.differences).toEqual([
    'another machine or dataset: latencies are shown and not judged',
    'processor: made up, 2 cores -> made up, 8 cores',
    'redis appendonly: no -> yes',
  ]);
});

test('paths of one run alone are named', () => {
  const [before, after] = [{ gone: { p50Us: 1 } }, { added: { p50Us: 1 } }].map((paths) =>
    madeUpReport(paths as never),
  );
  expect(
    compareReports({ name: 'a', report: before as never }, { name: 'b', report: after as never }, 'interleaved')
      .unpaired,
  ).toEqual([
    { engine: 'redis', path: 'gone', only: 'before' },
    { engine: 'redis', path: 'added', only: 'after' },
  ]);
});

describe('a path that was measured before and is not run now', () => {
  const paths = { path: { p50Us: 200 }, other: { p50Us: 200 } };
  const before = madeUpReport(paths);
  const notRun = { engine: 'redis', path: 'other', reason: 'not there: rows of users' };
  const after = { ...madeUpReport({ path: { p50Us: 200 } }, 2), notRun: [notRun] };
  const against = (report: typeof after, saved?: typeof before, beside = before) =>
    compareReports(
      { name: 'a', report: beside, ...(saved === undefined ? {} : { saved }) },
      { name: 'now', report },
      'interleaved',
    );

  test('is no pass, and is named with its reason', () => {
    const comparison = against(after);
    expect(comparison).toMatchObject({
      verdict: 'fail',
      unpaired: [{ engine: 'redis', path: 'other', only: 'before', notRun: notRun.reason }],
    });
    const shown = formatComparison(comparison, colorsFor({}, {}));
    expect(shown).toContain('not run redis / other: not there: rows of users');
    expect(shown).toContain('what was measured before is not run: 1 path');
    expect(formatBenchSummary(after, comparison)).toContain('**not run any more**: redis / other');
    expect(formatBenchPage(after, comparison)).toContain('not run any more, not there: rows of users');
  });

  test('is none either where the stack beside it cannot run it any more', () => {
    const beside = madeUpReport({ path: { p50Us: 200 } }, 3);
    expect(against(after, before, beside)).toMatchObject({ verdict: 'fail', unpaired: [{ notRun: notRun.reason }] });
  });

  test('is only listed where nobody asked for it', () => {
    const leftOut = { ...after, notRun: [{ ...notRun, isLeftOut: true }] };
    const unpaired = [{ engine: 'redis', path: 'other', only: 'before' }];
    const reason = 'it goes through postgresql and qdrant too, which are not measured here';
    const byEarlierRelease = { ...after, notRun: [{ ...notRun, reason }] };
    for (const report of [leftOut, byEarlierRelease, { ...after, notRun: [] }]) {
      expect(against(report)).toMatchObject({ verdict: 'pass' });
      expect(against(report).unpaired).toEqual(unpaired);
    }
  });
});

test('the page needs nothing else, shows what there is, and leaves out what there is not', () => {
  const report = madeUpReport({ '<path>': { p50Us: 200 } });
  const page = formatBenchPage(report);
  expect(page).toContain('&lt;path&gt;');
  expect(page).not.toMatch(/<path>|<script|<link|https?:|@import|Recall|against throughput/);
  const curve = { engine: 'redis', path: '<path>', origin: 'built', k: 10 } as const;
  const point = { ef: 16, recall: 0.97, returned: 10, queries: 20, p50Us: 900, p99Us: 2_000 };
  const withRecall = formatBenchPage({
    ...report,
    recall: [{ ...curve, points: [point, { ...point, ef: 64, recall: 1 }] }],
  });
  expect(withRecall).toContain('Recall against latency, ef 16, 64');
});

test('the export has a line for each round, as Go writes benchmarks', () => {
  const lines = formatGoBenchmarks(madeUpReport({ 'user by e-mail': { p50Us: 200 } }))
    .trim()
    .split('\n');
  const rounds = lines.filter((line) => line.startsWith('Benchmark'));
  expect(rounds).toHaveLength(24);
  for (const line of rounds) {
    expect(line).toMatch(/^BenchmarkRedis\/path=user-by-e-mail\t1000\t\d+ ns\/op\t\d+ p90-ns\/op\t\d+ bare-ns\/op$/);
  }
});

describe('saved runs', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'taishang-bench-'));
    const runs = { before: 200, after: 230, same: 200 };
    for (const [index, [name, p50Us]] of Object.entries(runs).entries()) {
      const report = madeUpReport({ path: { p50Us } }, index + 1);
      await saveRun(directory, { version: 1, name, stack: { directory }, report });
    }
  });
  afterAll(() => rm(directory, { recursive: true }));
  const here = () => ({ cwd: directory, env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } });

  test('`bench compare` ends with 1 and names the path, or with 0', async () => {
    const failed = await runCommand(
      ['bench', 'compare', 'before', 'after', '--summary', 'out/summary.md', '--html', 'page.html'],
      here(),
    );
    expect(failed).toMatchObject({ exitCode: 1 });
    expect(failed.stdout).toMatch(/worse redis \/ path: slower by \+1[45]\.\d %/);
    expect((await runCommand(['bench', 'compare', 'before', 'same'], here())).exitCode).toBe(0);
    const document = await runForDocument<object>(['bench', 'compare', 'before', 'same'], here());
    expect(document).toMatchObject({
      version: 1,
      before: 'before',
      after: 'same',
      pairing: 'by-reference',
      verdict: 'pass',
    });
  });

  test('`bench export` prints them for benchstat', async () => {
    expect((await runCommand(['bench', 'export', 'before'], here())).stdout).toMatch(
      /^goos: linux\n[\s\S]*\nBenchmarkRedis/,
    );
  });

  test('are refused where there is none, where the name is none, and where the file is none of ours', async () => {
    expect(await runForError(['bench', '--against', 'gone'], here())).toMatchObject({
      code: 'BENCH_NOT_FOUND',
      exitCode: 1,
      next: expect.stringContaining('after, before, same'),
    });
    expect(await runForError(['bench', '--save', '-x y'], here())).toMatchObject({ code: 'BAD_OPTION', exitCode: 2 });
    expect(await runForError(['bench', 'compare', 'before'], here())).toMatchObject({
      code: 'BAD_OPTION',
      exitCode: 2,
    });
    expect(await runForError(['bench', '--clients', '4'], here())).toMatchObject({ code: 'BAD_OPTION', exitCode: 2 });
    expect(await runForError(['bench', '--rounds', '0'], here())).toMatchObject({ code: 'BAD_OPTION', exitCode: 2 });
    await writeFile(join(directory, 'foreign.json'), '{"version": 2}');
    await expect(readRun(directory, './foreign.json')).rejects.toMatchObject({ code: 'BENCH_INVALID' });
  });

  test('the summary for a pull request has the verdict and what got worse', async () => {
    const [before, after] = await Promise.all(['before', 'after'].map((name) => readRun(directory, name)));
    if (before === undefined || after === undefined) throw new Error('both were saved');
    const summary = formatBenchSummary(after.report, compareReports(before, after, 'by-reference'));
    expect(summary).toContain('**Verdict: something got worse.**');
    expect(summary).toMatch(/- \*\*redis \/ path\*\*: slower by \+1[45]\.\d %/);
  });
});
