import { expect, test } from 'vitest';
import { compareReports } from '../../bench/compare/compare-reports.ts';
import { formatBenchSummary } from '../../sandbox/report/bench/bench-summary.ts';
import { formatComparison } from '../../sandbox/report/bench/comparison-text.ts';
import { formatBenchPage } from '../../sandbox/report/bench/page/bench-page.ts';
import { colorsFor } from '../../sandbox/report/colors.ts';
import { formatReportPage } from '../../sandbox/report/report-page.ts';
import { formatTopology } from '../../sandbox/report/stack/topology-text.ts';
import { formatBytes, formatDuration } from '../../sandbox/report/units.ts';
import { summaryOf } from '../../scenarios/results.ts';
import { madeUpReport } from '../bench/support/reports.ts';

const plain = colorsFor({}, {});

/** A path on a stand-in, and one that could not run. */
function standIn() {
  const report = madeUpReport({ path: { p50Us: 200 } });
  const paths = report.paths.map((path) => ({ ...path, origin: 'compatible' as const }));
  return { ...report, paths, notRun: [{ engine: 'qdrant', path: 'with shards', reason: 'the stand-in has none' }] };
}

test('a summary for a pull request says what a stand-in was measured on, and what did not run', () => {
  const summary = formatBenchSummary(standIn());
  expect(summary).toMatch(/\| redis \| path \| compatible \|/);
  expect(summary).toContain('- not run: qdrant / with shards: the stand-in has none');
});

test('a summary for a pull request names paths that only one of the runs has', () => {
  const [before, after] = [['old', 'path'], ['path']].map((names) => {
    const report = madeUpReport(Object.fromEntries(names.map((name) => [name, { p50Us: 200 }])));
    return { name: names.join(), report };
  });
  if (before === undefined || after === undefined) throw new Error('two were made');
  const summary = formatBenchSummary(after.report, compareReports(before, after, 'by-reference'));
  expect(summary).toContain('- only before: redis / old');
});

test('a comparison that could judge nothing does not say that nothing got worse', () => {
  const runOf = (name: string, path: string) => ({ name, report: madeUpReport({ [path]: { p50Us: 200 } }) });
  const none = compareReports(runOf('before', 'old'), runOf('after', 'new'), 'by-reference');
  expect(none.verdict).toBe('fail');
  expect(formatComparison(none, plain)).toContain('nothing could be compared');

  const { name, report } = runOf('after', 'path');
  const elsewhere = { name, report: { ...report, environment: { ...report.environment, processor: 'another' } } };
  const unjudged = compareReports(runOf('before', 'path'), elsewhere, 'by-reference');
  expect(unjudged.verdict).toBe('pass');
  expect(formatComparison(unjudged, plain)).not.toContain('nothing got worse');
  expect(formatBenchSummary(elsewhere.report, unjudged)).toContain('not judged');
});

test('the page of the main job has the paths that did not run, and what no suite shows', () => {
  const page = formatReportPage({
    version: 1,
    startedAt: '2026-01-01T00:00:00.000Z',
    durationMs: 1,
    verdict: 'pass',
    machine: { system: 'Linux', processor: 'made up', cores: 2, memoryBytes: 8e9, node: 'v24.0.0' },
    status: { version: 1, stack: 'some', state: 'running', engines: [] },
    startup: [],
    dataset: undefined,
    crossStore: undefined,
    schemaGaps: [],
    scenarios: { version: 1, seed: 1, results: [], summary: summaryOf([]), notTested: ['a lost <disk>'] },
    bench: standIn(),
  });
  expect(page).toContain('<span class="not-run">not-run</span> qdrant / with shards: the stand-in has none');
  expect(page).toContain('<span class="not-run">not tested</span> a lost &lt;disk&gt;');
});

test('a page of paths that nobody has answered is made all the same', () => {
  const report = madeUpReport({ path: { p50Us: 0 } });
  const paths = report.paths.map((path) => ({ ...path, samples: 0, distribution: [] }));
  expect(formatBenchPage({ ...report, paths })).not.toMatch(/NaN|Infinity/);
  const instant = paths.map((path) => ({ ...path, distribution: [{ percentile: 50, latencyUs: 0 }] }));
  expect(formatBenchPage({ ...report, paths: instant })).not.toMatch(/NaN|Infinity/);
});

test('nodes that each believe to follow the other are shown', () => {
  const node = { role: 'standby', host: '127.0.0.1', port: 5432, faults: [] } as const;
  const nodes = [
    { ...node, node: 'postgresql-1', follows: 'postgresql-2' },
    { ...node, node: 'postgresql-2', follows: 'postgresql-1' },
  ];
  const engines = [{ engine: 'postgresql', topology: 'replicated', nodes }];
  const text = formatTopology({ version: 1, stack: 'some', engines }, plain);
  expect(text.match(/postgresql-1 /g)).toHaveLength(1);
  expect(text.match(/postgresql-2 /g)).toHaveLength(1);
});

test.each([
  [0.9996, '1 ms'],
  [0.9994, '999 us'],
  [999.6, '1.0 s'],
  [59_960, '1 min 00 s'],
])('%d ms are %s', (durationMs, text) => {
  expect(formatDuration(durationMs)).toBe(text);
});

test.each([
  [0, '0 B'],
  [1_023, '1023 B'],
  [2 ** 20 - 1, '1.0 MiB'],
  [1_023.4 * 2 ** 10, '1023 KiB'],
  [2 ** 50, '1024 TiB'],
])('%d bytes are %s', (sizeBytes, text) => {
  expect(formatBytes(sizeBytes)).toBe(text);
});
