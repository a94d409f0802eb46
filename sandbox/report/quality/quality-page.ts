import type { QualityHistory } from '../../quality/history/history.ts';
import type { CheckTrend } from '../../quality/history/trends.ts';
import type { CheckResult, QualityReport } from '../../quality/run/report.ts';
import { linearAxis, lineChart } from '../charts.ts';
import { type Html, html, htmlPage, htmlTable, joined, noHtml } from '../html.ts';
import { pageStyle } from '../page-style.ts';
import { inOrder, isQuiet, pointText } from './trend-text.ts';

/** A check as the page shows it: with what only the run itself knows, where there is one. */
type PageCheck = CheckTrend & Partial<Pick<CheckResult, 'description' | 'note'>>;

/** Runs that a line of the table shows. */
const pointsShown = 12;

/**
 * What runs have found, check by check, as one page: it needs no network, no script and no other file. Checks that are
 * wrong or have been stand first, with the ids of what was found. With a report, its checks alone.
 */
export function formatQualityPage(history: QualityHistory, report?: QualityReport): string {
  const checks = inOrder(report === undefined ? history.checks : withReport(history, report));
  const open = checks.filter((check) => !isQuiet(check));
  const body = html`<main>
<h1>Quality of the data</h1>
<p class="faint">${periodOf(history)}; contracts: ${history.contracts}</p>
<p>${countsOf(checks)}</p>
${open.length === 0 ? noHtml : html`<h2>Wrong now, or in one of these runs</h2>`}
${joined(open.map(checkSection), '\n')}
<h2>All checks</h2>
${tableOf(checks)}
</main>`;
  return htmlPage({ title: 'Quality of the data', style: pageStyle(), body });
}

function withReport(history: QualityHistory, report: QualityReport): readonly PageCheck[] {
  const trends = new Map(history.checks.map((trend) => [trend.check, trend]));
  return report.results.map((result) => {
    const { verdict, count } = result;
    const point = { at: report.startedAt, verdict, ...(count === undefined ? {} : { count }) };
    const first = { since: report.startedAt, change: 'first', points: [point] } as const;
    return { ...first, ...trends.get(result.check), ...result };
  });
}

function periodOf({ runs }: QualityHistory): string {
  const [first = ''] = runs;
  return runs.length < 2 ? first || 'no run' : `${runs.length} runs, ${first} to ${runs.at(-1)}`;
}

function countsOf(checks: readonly PageCheck[]): Html {
  const groups = Map.groupBy(checks, stateOf);
  return joined(
    [...groups].map(([state, all]) => html`<span class="${colorOf(state)}">${`${all.length} ${state}`}</span>`),
    ', ',
  );
}

function checkSection(check: PageCheck): Html {
  const { description, note, reason, count, threshold, since, change, before, ids = [] } = check;
  const state = stateOf(check);
  const facts: readonly (readonly [string, string])[] = [
    ['found', count === undefined ? '' : `${count}, wanted ${threshold}`],
    ['before', before === undefined ? '' : `${before} (${change})`],
    ['since', since],
    ['reason', reason ?? ''],
    ['note', note ?? ''],
    ['ids', idsText(ids, count)],
  ];
  const rows = facts
    .filter(([, value]) => value !== '')
    .map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`);
  return html`<details${check.verdict === 'pass' ? '' : ' open'}><summary><h3>${check.check}</h3>
<span class="${colorOf(state)} badge">${state}</span></summary>
${description === undefined ? noHtml : html`<p>${description}</p>`}
<dl>${rows}</dl>
${chartOf(check)}</details>`;
}

function idsText(ids: readonly string[], count = 0): string {
  const more = count - ids.length;
  return ids.length === 0 ? '' : `${ids.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Runs whose count nobody knows have no point. */
function chartOf({ check, points }: PageCheck): Html {
  const known = points.flatMap(({ at, count }) => (count === undefined ? [] : [{ at, count, x: Date.parse(at) }]));
  const [first] = known;
  const last = known.at(-1);
  if (first === undefined || last === undefined || known.length < 2) return noHtml;
  const high = Math.max(...known.map(({ count }) => count));
  const time = linearAxis('run', { low: first.x, high: last.x, end: 'exact' }, String);
  const named = [...new Set([first.x, last.x])].map((value) => ({ value, label: timeText(value) }));
  const found = linearAxis('found', { low: 0, high, end: 'round' }, String);
  const whole = found.ticks.filter(({ value }) => Number.isInteger(value));
  const series = { name: check, points: known.map(({ at, count, x }) => ({ x, y: count, note: `${count}, ${at}` })) };
  return html`<div class="charts">${lineChart('What runs found', { ...time, ticks: named }, { ...found, ticks: whole }, [series])}</div>`;
}

/** `11-30 09:00`, UTC; nothing of what is no moment. */
function timeText(ms: number): string {
  if (Number.isNaN(ms)) return '';
  return new Date(ms).toISOString().slice(5, 16).replace('T', ' ');
}

function tableOf(checks: readonly PageCheck[]): Html {
  return htmlTable({
    head: ['now', 'check', 'found', 'wanted', 'before', 'since', 'newest runs'],
    figures: [2, 4],
    rows: checks.map((check) => {
      const state = stateOf(check);
      return [
        html`<span class="${colorOf(state)}">${state}</span>`,
        check.check,
        check.count === undefined ? '' : String(check.count),
        check.threshold,
        check.before === undefined ? '' : String(check.before),
        check.since,
        check.points.slice(-pointsShown).map(pointText).join(' '),
      ];
    }),
  });
}

/** A failure by its severity, anything else by its verdict. */
function stateOf({ verdict, severity }: Pick<PageCheck, 'verdict' | 'severity'>): string {
  return verdict === 'fail' ? severity : verdict;
}

function colorOf(state: string): string {
  return { pass: 'good', error: 'bad', 'not-run': 'faint' }[state] ?? 'doubt';
}
