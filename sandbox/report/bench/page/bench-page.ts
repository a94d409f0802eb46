import { join } from 'node:path';
import type { Comparison } from '../../../../bench/compare/compare-reports.ts';
import { datasetText } from '../../../../bench/environment.ts';
import type { BenchReport, PathResult } from '../../../../bench/results.ts';
import { formatCount } from '../../../core/text/format-count.ts';
import { type Cell, type Html, html, htmlPage, htmlTable, joined, noHtml } from '../../html.ts';
import { pageStyle } from '../../page-style.ts';
import { formatMicroseconds } from '../../units.ts';
import { benchHasFailed } from '../bench-text.ts';
import { comparisonVerdict } from '../comparison-text.ts';
import { pathCharts } from './bench-page-charts.ts';
import { comparisonSection } from './bench-page-comparison.ts';
import { objectiveBadge, overviewSections, partTables, pathId } from './bench-page-overview.ts';

/** Sections stand open where there are so few, and where something is wrong. */
const openSectionsMax = 8;

/** The report of a benchmark as one page: it needs no network, no script and no other file. */
export function formatBenchPage(report: BenchReport, comparison?: Comparison): string {
  const { startedAt, commit } = report.environment;
  const body = html`<main>
<h1>Query paths</h1>
<p class="faint">${startedAt}, commit ${commit ?? 'none'}; ${verdict(report, comparison)}</p>
${comparison === undefined ? noHtml : html`<h2>Compared with ${comparison.before}</h2>\n${comparisonSection(comparison)}`}
${overviewSections(report)}
<h2>Path by path</h2>
<p class="faint">A line opens where it is pressed.</p>
${pathSections(report)}
${notRunSection(report)}
<h2>Measured on</h2>
${environmentSection(report)}
</main>`;
  return htmlPage({
    title: 'Query paths',
    style: pageStyle(join(import.meta.dirname, 'bench-page.css')),
    body,
  });
}

function pathSections(report: BenchReport): Html {
  const groups = Map.groupBy(report.paths, ({ engine, path }) => JSON.stringify([engine, path]));
  const isFew = groups.size <= openSectionsMax;
  return joined(
    [...groups.values()].map((rows) => pathSection(report, rows, isFew)),
    '\n',
  );
}

function verdict(report: BenchReport, comparison: Comparison | undefined): Html {
  if (benchHasFailed(report)) return html`<span class="bad">a plan or an answer is wrong</span>`;
  const unchecked = report.paths.filter(({ plan, answer }) => plan.ok === null || answer.ok === null).length;
  const asExpected =
    unchecked === 0
      ? 'all plans and answers as expected'
      : `plans and answers as expected, where they were checked: ${unchecked} of ${report.paths.length} rows were not`;
  if (comparison === undefined) return html`<span class="good">${asExpected}</span>`;
  const text = comparisonVerdict(comparison);
  const color = comparison.verdict === 'fail' ? 'bad' : text === 'nothing got worse' ? 'good' : 'doubt';
  return html`${asExpected}, <span class="${color}">${text}</span>`;
}

function pathSection(report: BenchReport, rows: readonly PathResult[], isFew: boolean): Html {
  const [first] = rows;
  if (first === undefined) return noHtml;
  const { engine, path } = first;
  const references = report.references.filter((row) => row.engine === engine && row.path === path);
  const figures = [2, 3, 4, 5, 6, 7, 8, 9];
  const head = ['load', 'clients', 'offered/s', 'reached/s', 'dropped', 'samples', 'p50', 'p90', 'p99', 'p99.9', 'max'];
  const isOpen = isFew || first.plan.ok === false || first.answer.ok === false;
  return html`<details id="${pathId(first)}"${isOpen ? ' open' : ''}><summary><h3>${engine} / ${path}</h3>
<span class="faint">${`${first.topology}, ${first.origin}`}</span> ${objectiveBadge(rows)}</summary>
<p>${checkText('Plan', first.plan)} ${checkText('Answer', first.answer)}</p>
${first.writes === undefined ? noHtml : html`<p class="faint">${`Writes ${first.writes}.`}</p>`}
${htmlTable({ head, rows: rows.map(loadRow), figures: [1, ...figures, 10] })}
${partTables(first)}
${
  references.length === 0
    ? noHtml
    : html`<p></p>${htmlTable({
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
<div class="charts">${joined(pathCharts(report, rows), '\n')}</div></details>`;
}

function checkText(what: string, { expected, actual, ok }: PathResult['plan']): Html {
  if (ok === null) return html`<span class="doubt">${`${what} ${actual}.`}</span>`;
  const text = ok ? `${what}: ${actual}.` : `${what} wrong: ${actual} instead of ${expected}.`;
  return html`<span class="${ok ? 'faint' : 'bad'}">${text}</span>`;
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

function remarks(rows: readonly PathResult[]): Html {
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
      ...bare.map((line) => html`<li>${line}</li>`),
      ...doubts.map((line) => html`<li><span class="doubt">${line}</span></li>`),
    ];
  });
  return html`<ul class="remarks">${lines}</ul>`;
}

function notRunSection({ notRun }: BenchReport): Html {
  if (notRun.length === 0) return noHtml;
  const rows = notRun.map(({ engine, path, reason }) => [engine, path, reason]);
  return html`<h2>Not run</h2>\n<section>${htmlTable({ head: ['engine', 'path', 'reason'], rows })}</section>`;
}

function environmentSection({ environment }: BenchReport): Html {
  const { servers, serverSettings } = environment;
  const facts = {
    processor: `${environment.processor}, ${environment.cores} cores`,
    system: `${environment.system}, ${environment.fileSystem}, Node ${environment.node}`,
    load: `${environment.loadBefore.toFixed(2)} before, ${environment.loadAfter.toFixed(2)} after`,
    client: `${Math.round(environment.clientCpuShare * 100)} % of a core`,
    data: datasetText(environment),
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
  const entries = Object.entries(facts).map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>`);
  return html`<section><dl>${entries}</dl></section>`;
}
