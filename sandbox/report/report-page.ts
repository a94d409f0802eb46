import { linesOfGaps } from '../stack/furnish/schema-gaps.ts';
import { objectiveText } from './bench/bench-text.ts';
import { type Html, html, htmlPage, joined, noHtml } from './html.ts';
import type { SandboxReport } from './shapes.ts';
import { changeLines } from './stack/cross-store-text.ts';
import { formatDuration, formatMicroseconds } from './units.ts';

const style = `body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}
table{border-collapse:collapse;margin:.5rem 0 1.5rem}td,th{padding:.2rem .8rem .2rem 0;text-align:left;vertical-align:top}
.pass{color:#18794e}.fail{color:#cd2b31}.unknown{color:#ad5700}.not-run{color:#687076}`;

/** What has changed since the seeding, as a paragraph for each store. */
function changesOf(crossStore: SandboxReport['crossStore']): Html {
  const lines = crossStore === undefined ? [] : changeLines(crossStore);
  return joined(lines.map((line) => html`<p class="unknown">${line}</p>\n`));
}

/** The report of the main job as one page that needs nothing else. */
export function formatReportPage(report: SandboxReport): string {
  const { status, scenarios, bench, dataset, crossStore, schemaGaps, machine } = report;
  const body = html`<h1>Sandbox report: <span class="${report.verdict}">${report.verdict}</span></h1>
<p>${report.startedAt}, ${formatDuration(report.durationMs)}; ${machine.processor}, ${machine.cores} cores, ${machine.system}, Node ${machine.node}</p>
<h2>Stack ${status.stack}</h2>
${table(
  ['engine', 'topology', 'origin', 'version', 'ready in', 'state'],
  status.engines.map((engine) => [
    engine.engine,
    engine.topology,
    engine.origin ?? '',
    engine.serverVersion ?? '',
    engine.readyMs === undefined ? '' : formatDuration(engine.readyMs),
    engine.state,
  ]),
)}
<h2>Data</h2>
<p>${dataset === undefined ? 'none' : `${dataset.size}, seed ${dataset.seed}, fingerprint ${dataset.fingerprint}`}</p>
${
  crossStore === undefined
    ? noHtml
    : table(
        ['check', 'compared', 'differences'],
        crossStore.checks.map((check) => [check.name, String(check.compared), String(check.differences)]),
      )
}
${changesOf(crossStore)}
${joined(linesOfGaps(schemaGaps).map((line) => html`<p class="fail">${line}</p>\n`))}
<h2>Suites: ${scenarios.summary.pass} pass, ${scenarios.summary.fail} fail, ${scenarios.summary.unknown} unknown, ${scenarios.summary.notRun} not run</h2>
${table(
  ['suite', 'engine', 'topology', 'origin', 'case', 'verdict', 'reason', 'time'],
  scenarios.results.map((result) => [
    result.suite,
    result.engine,
    result.topology,
    result.origin ?? '',
    result.case,
    result.verdict,
    result.reason ?? '',
    formatDuration(result.durationMs),
  ]),
)}
${joined(scenarios.notTested.map((what) => html`<p><span class="not-run">not tested</span> ${what}</p>\n`))}
${
  bench === undefined
    ? noHtml
    : html`<h2>Query paths</h2>\n${table(
        [
          'engine',
          'path',
          'origin',
          'per s',
          'p50',
          'p90',
          'p99',
          'times the bare driver',
          'objective',
          'plan',
          'answer',
        ],
        bench.paths.map((path) => [
          path.engine,
          path.path,
          path.origin,
          String(path.achievedPerS),
          ...[path.p50Us, path.p90Us, path.p99Us].map(formatMicroseconds),
          path.reference === undefined ? '' : String(path.reference.ratio),
          objectiveText(path.objective),
          path.plan.ok === false ? `wrong: ${path.plan.actual}` : path.plan.actual,
          path.answer.ok === false ? `wrong: ${path.answer.actual}` : path.answer.ok ? 'as known' : path.answer.actual,
        ]),
      )}\n${joined(
        bench.notRun.map(({ engine, path, reason }) => {
          return html`<p><span class="not-run">not-run</span> ${engine} / ${path}: ${reason}</p>\n`;
        }),
      )}`
}`;
  return htmlPage({ title: 'Sandbox report', style, body });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): Html {
  const cells = (tag: 'td' | 'th', texts: readonly string[]) =>
    texts.map((text) => html`<${tag}${verdictClass(text)}>${text}</${tag}>`);
  const lines = [cells('th', head), ...rows.map((row) => cells('td', row))];
  return html`<table>${joined(
    lines.map((line) => html`<tr>${line}</tr>`),
    '\n',
  )}</table>`;
}

function verdictClass(text: string): Html {
  return ['pass', 'fail', 'unknown', 'not-run'].includes(text) ? html` class="${text}"` : noHtml;
}
