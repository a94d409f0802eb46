import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Comparison } from '../../bench/compare-reports.ts';
import type { BenchReport, PathResult } from '../../bench/results.ts';
import { pathCharts } from './bench-page-charts.ts';
import { comparisonSection } from './bench-page-comparison.ts';
import { benchHasFailed } from './bench-text.ts';
import { comparisonVerdict } from './comparison-text.ts';
import { type Cell, escapeHtml, htmlTable } from './html.ts';
import { formatCount, formatMicroseconds } from './units.ts';

/** The report of a benchmark as one page: it needs no network, no script and no other file. */
export function formatBenchPage(report: BenchReport, comparison?: Comparison): string {
  const names = [...new Set(report.paths.map(({ engine, path }) => JSON.stringify([engine, path])))];
  const sections = names.map((name) => pathSection(report, JSON.parse(name) as readonly [string, string]));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Query paths</title><style>
${readFileSync(join(import.meta.dirname, 'bench-page.css'), 'utf8')}</style></head><body><main>
<h1>Query paths</h1>
<p class="faint">${escapeHtml(report.environment.startedAt)}, commit ${escapeHtml(report.environment.commit ?? 'none')}; ${verdict(report, comparison)}</p>
${comparison === undefined ? '' : `<h2>Compared with ${escapeHtml(comparison.before)}</h2>\n${comparisonSection(comparison)}`}
<h2>Paths</h2>
${sections.join('\n')}
${notRunSection(report)}
<h2>Measured on</h2>
${environmentSection(report)}
</main></body></html>
`;
}

function verdict(report: BenchReport, comparison: Comparison | undefined): string {
  if (benchHasFailed(report)) return '<span class="bad">a plan or an answer is wrong</span>';
  const asExpected = 'all plans and answers as expected';
  if (comparison === undefined) return `<span class="good">${asExpected}</span>`;
  const text = comparisonVerdict(comparison);
  const color = comparison.verdict === 'fail' ? 'bad' : text === 'nothing got worse' ? 'good' : 'doubt';
  return `${asExpected}, <span class="${color}">${escapeHtml(text)}</span>`;
}

function pathSection(report: BenchReport, [engine, path]: readonly [string, string]): string {
  const rows = report.paths.filter((row) => row.engine === engine && row.path === path);
  const [first] = rows;
  if (first === undefined) return '';
  const references = report.references.filter((row) => row.engine === engine && row.path === path);
  const figures = [2, 3, 4, 5, 6, 7, 8, 9];
  const head = ['load', 'clients', 'offered/s', 'reached/s', 'dropped', 'samples', 'p50', 'p90', 'p99', 'p99.9', 'max'];
  return `<section><header><h3>${escapeHtml(engine)} / ${escapeHtml(path)}</h3>
<span class="faint">${escapeHtml(`${first.topology}, ${first.origin}`)}</span></header>
<p>${checkText('Plan', first.plan)} ${checkText('Answer', first.answer)}</p>
${htmlTable({ head, rows: rows.map(loadRow), figures: [1, ...figures, 10] })}
${
  references.length === 0
    ? ''
    : `<p></p>${htmlTable({
        head: ['beside it', 'request', 'clients', 'reached/s', 'p50', 'the path reaches of it'],
        rows: references.map((each) => [
          each.name,
          each.request,
          String(each.clients),
          formatCount(each.achievedPerS),
          each.p50Us === null ? '-' : formatMicroseconds(each.p50Us),
          `${Math.round(each.share * 100)} %`,
        ]),
        figures: [2, 3, 4, 5],
      })}`
}
${remarks(rows)}
<div class="charts">${pathCharts(report, rows).join('\n')}</div></section>`;
}

function checkText(what: string, { expected, actual, ok }: PathResult['plan']): string {
  const text = ok ? `${what}: ${actual}.` : `${what} wrong: ${actual} instead of ${expected}.`;
  return `<span class="${ok ? 'faint' : 'bad'}">${escapeHtml(text)}</span>`;
}

function loadRow(row: PathResult): readonly Cell[] {
  const open = row.offeredPerS !== null;
  return [
    open ? `open, ${row.schedule?.arrivals ?? 'constant'} rate` : 'closed',
    String(row.clients),
    open ? formatCount(row.offeredPerS) : '',
    formatCount(row.achievedPerS),
    open ? formatCount(row.dropped) : '',
    formatCount(row.samples),
    ...[row.p50Us, row.p90Us, row.p99Us].map(formatMicroseconds),
    row.p999Us === null ? '-' : formatMicroseconds(row.p999Us),
    formatMicroseconds(row.maxUs),
  ];
}

function remarks(rows: readonly PathResult[]): string {
  const lines = rows.flatMap(({ mode, clients, offeredPerS, client, schedule, reference }) => {
    const load =
      mode === 'open'
        ? `open, ${formatCount(offeredPerS ?? 0)}/s`
        : `closed, ${clients} ${clients === 1 ? 'client' : 'clients'}`;
    const late = schedule?.held === false ? formatMicroseconds(schedule.errorP99Us) : undefined;
    const bare =
      reference === undefined
        ? []
        : [`${reference.ratio} times the ${reference.name} (${formatMicroseconds(reference.p50Us)} at p50).`];
    const doubts = [
      ...(client.bound === null ? [] : [`${load}: ${client.bound}.`]),
      ...(late === undefined ? [] : [`${load}: the schedule was not held; arrivals were up to ${late} late (p99).`]),
    ];
    return [
      ...bare.map((line) => `<li>${escapeHtml(line)}</li>`),
      ...doubts.map((line) => `<li><span class="doubt">${escapeHtml(line)}</span></li>`),
    ];
  });
  return `<ul class="remarks">${lines.join('')}</ul>`;
}

function notRunSection({ notRun }: BenchReport): string {
  if (notRun.length === 0) return '';
  const rows = notRun.map(({ engine, path, reason }) => [engine, path, reason]);
  return `<h2>Not run</h2>\n<section>${htmlTable({ head: ['engine', 'path', 'reason'], rows })}</section>`;
}

function environmentSection({ environment }: BenchReport): string {
  const { servers, serverSettings, dataset } = environment;
  const facts = {
    processor: `${environment.processor}, ${environment.cores} cores`,
    system: `${environment.system}, ${environment.fileSystem}, Node ${environment.node}`,
    load: `${environment.loadBefore.toFixed(2)} before, ${environment.loadAfter.toFixed(2)} after`,
    client: `${Math.round(environment.clientCpuShare * 100)} % of a core`,
    data: `${dataset.size}, seed ${dataset.seed}`,
    ...Object.fromEntries(
      Object.entries(servers).map(([engine, server]) => [
        engine,
        [
          server,
          ...Object.entries(serverSettings[engine] ?? {}).map(([name, value]) => `${name}=${value || "''"}`),
        ].join(', '),
      ]),
    ),
  };
  const entries = Object.entries(facts).map(
    ([name, text]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(text)}</dd>`,
  );
  return `<section><dl>${entries.join('')}</dl></section>`;
}
