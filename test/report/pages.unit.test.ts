import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareReports } from '../../bench/compare/compare-reports.ts';
import { readRun } from '../../bench/compare/saved-runs.ts';
import { formatGoBenchmarks } from '../../bench/load/go-format.ts';
import type { BenchReport } from '../../bench/results.ts';
import { formatBenchSummary } from '../../sandbox/report/bench/bench-summary.ts';
import { formatBenchPage } from '../../sandbox/report/bench/page/bench-page.ts';
import { html, htmlPage } from '../../sandbox/report/html.ts';
import { formatQualityPage } from '../../sandbox/report/quality/quality-page.ts';
import { formatTimelinePage } from '../../scenarios/timeline/timeline-page.ts';
import { madeUpReport } from '../bench/support/reports.ts';
import { seed, seedText } from '../support/seed.ts';

const payload = `"><img src=x onerror="alert(1)"><script>alert(1)</script>'onload='`;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'taishang-pages-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** A report with every part that a page shows. */
function fullReport(): BenchReport {
  const report = madeUpReport({ path: { p50Us: 200 }, other: { p50Us: 300 } });
  const [first, ...others] = report.paths;
  if (first === undefined) throw new Error('no path');
  const { samples, achievedPerS, p50Us, p90Us, p99Us, p999Us, maxUs, engine, path } = first;
  const latencies = { samples, achievedPerS, p50Us, p90Us, p99Us, p999Us, maxUs };
  const client = { ...first.client, bound: 'the client was busy' };
  return {
    ...report,
    paths: [
      {
        ...first,
        client,
        objective: { p99Ms: 5, met: true },
        kinds: [{ kind: 'hot', share: 0.5, samples: 10, p50Us: 1, p99Us: 2 }],
        hops: [{ hop: 'store', samples: 10, p50Us: 1, p99Us: 2 }],
        recall: { k: 10, ef: 64, recall: 0.9, returned: 10, queries: 5 },
        writes: 'a row and removes it',
        reference: { ...latencies, name: 'bare driver', ratio: 1.5 },
      },
      ...others,
    ],
    notRun: [{ engine, path: 'absent', reason: 'no such image' }],
    curves: [{ engine, path, points: [{ ...latencies, clients: 1, bound: null }], harnessShare: 1 }],
    references: [{ engine, path, name: 'tool', request: 'GET', clients: 1, achievedPerS: 1, p50Us: 1, share: 1 }],
    recall: [
      {
        engine,
        path,
        origin: 'built',
        k: 10,
        points: [{ ef: 8, recall: 0.9, returned: 9, queries: 5, p50Us: 1, p99Us: 2 }],
      },
    ],
  };
}

type Place = readonly (string | number)[];

/** Places of all values that are neither objects nor lists. */
function leavesOf(value: unknown, at: Place = []): readonly Place[] {
  if (typeof value !== 'object' || value === null) return [at];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...at, key]));
}

function changedAt(value: unknown, place: Place, put: unknown): unknown {
  const copy = structuredClone(value);
  let inner = copy as Record<string, unknown>;
  for (const key of place.slice(0, -1)) inner = inner[key] as Record<string, unknown>;
  inner[place.at(-1) as string] = put;
  return copy;
}

async function read(run: unknown): Promise<BenchReport | undefined> {
  await writeFile(join(directory, 'run.json'), JSON.stringify(run));
  try {
    return (await readRun(directory, join(directory, 'run.json'))).report;
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: 'BENCH_INVALID' });
    return undefined;
  }
}

const runOf = (report: BenchReport) => ({ version: 1, name: 'run', stack: { directory: '/somewhere' }, report });

describe(`a saved run of somebody else (${seedText})`, () => {
  test('that is whole is read', async () => {
    expect(await read(runOf(fullReport()))).toEqual(JSON.parse(JSON.stringify(fullReport())));
  });

  test('becomes no HTML in a page or a summary, wherever it holds some: it is text, or it is refused', async () => {
    const run = runOf(fullReport());
    let shown = 0;
    for (const place of leavesOf(run)) {
      const report = await read(changedAt(run, place, payload));
      if (report === undefined) continue;
      const comparison = compareReports(
        { name: payload, report: fullReport() },
        { name: 'now', report },
        'by-reference',
      );
      const page = formatBenchPage(report, comparison);
      const summary = formatBenchSummary(report, comparison);
      expect([place, page]).not.toEqual([place, expect.stringMatching(/<img|<script|onerror="/)]);
      expect([place, summary]).not.toEqual([place, expect.stringMatching(/<img|<script/)]);
      if (page.includes('&lt;img')) shown += 1;
    }
    expect(shown).toBeGreaterThan(10);
  });

  test('is refused where a figure is none', async () => {
    const run = runOf(fullReport());
    const figures = leavesOf(run).filter((place) => {
      const value = place.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], run);
      return typeof value === 'number' || typeof value === 'boolean';
    });
    expect(figures.length).toBeGreaterThan(50);
    for (const place of figures)
      expect([place, await read(changedAt(run, place, payload))]).toEqual([place, undefined]);
  });

  test('is refused or shown, and never a failure of ours, whatever else it holds', async () => {
    const run = runOf(fullReport());
    const places = leavesOf(run);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), fc.jsonValue(), async (place, put) => {
        const report = await read(changedAt(run, place, put));
        if (report !== undefined) expect(formatBenchPage(report)).toContain('</html>');
      }),
      { seed, numRuns: 200 },
    );
  });

  test('begins no line of its own in the format of benchmarks', async () => {
    const run = runOf(fullReport());
    for (const place of [
      ['report', 'environment', 'processor'],
      ['report', 'rounds', 0, 'engine'],
    ]) {
      expect(await read(changedAt(run, place, 'a\nBenchmarkX 1 1 ns/op'))).toBeUndefined();
    }
    expect(formatGoBenchmarks(fullReport())).toContain('Benchmark');
  });
});

describe('every page', () => {
  const pages = {
    'of a benchmark': () => formatBenchPage(fullReport()),
    'of quality checks': () =>
      formatQualityPage({ version: 1, contracts: payload, runs: [payload], recorded: 1, unreadable: 0, checks: [] }),
    'of any other report': () => htmlPage({ title: payload, style: 'p{color:red}', body: html`<p>${payload}</p>` }),
    'of a timeline': () => formatTimelinePage([], { title: payload, measures: { [payload]: payload } }),
  };
  test.each(Object.entries(pages))('%s allows no script, nothing from elsewhere, and its own style', (_, make) => {
    const page = make();
    const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]+)">/.exec(page)?.[1] ?? '';
    expect(policy).toMatch(/^default-src 'none'|^default-src &#39;none&#39;/);
    expect(policy).not.toContain('unsafe');
    expect(page.indexOf('Content-Security-Policy')).toBeLessThan(page.indexOf('<style>'));
    const styles = [...page.matchAll(/<style>([^<]*)<\/style>/g)].map(([, style]) => style ?? '');
    expect(styles.length).toBeGreaterThan(0);
    for (const style of styles) {
      expect(policy).toContain(`sha256-${createHash('sha256').update(style).digest('base64')}`);
    }
    expect(page).not.toMatch(/<img|<script|<link|\sstyle="|\son[a-z]+="/);
  });
});
