import type { Comparison } from '../../../bench/compare/compare-reports.ts';
import { datasetText } from '../../../bench/environment.ts';
import type { BenchReport } from '../../../bench/results.ts';
import { formatCount } from '../../core/text/format-count.ts';
import type { PathCheck } from '../../engines/contract/bench/query-path.ts';
import { formatMicroseconds } from '../units.ts';
import { objectiveText } from './bench-text.ts';
import { comparedCells, comparisonVerdict, figureText, pairingText } from './comparison-text.ts';

/** A summary in Markdown for a pull request: the verdict, what got worse, and the figures. */
export function formatBenchSummary(report: BenchReport, comparison?: Comparison): string {
  return [
    '## Query paths',
    '',
    ...(comparison === undefined ? [] : comparisonLines(comparison)),
    ...table(
      ['engine', 'path', 'origin', 'load', 'reached/s', 'p50', 'p99', 'objective', 'plan', 'answer'],
      report.paths.map((path) => [
        path.engine,
        path.path,
        path.origin,
        path.mode === 'open'
          ? `${formatCount(path.offeredPerS ?? 0)}/s offered`
          : `closed, ${path.clients} ${path.clients === 1 ? 'client' : 'clients'}`,
        formatCount(path.achievedPerS),
        formatMicroseconds(path.p50Us),
        formatMicroseconds(path.p99Us),
        objectiveText(path.objective),
        checkText(path.plan),
        checkText(path.answer),
      ]),
    ),
    ...report.paths.flatMap(({ engine, path, client }) =>
      client.bound === null ? [] : [`- ${plain(`${engine} / ${path}: ${client.bound}`)}`],
    ),
    ...report.notRun.map(({ engine, path, reason }) => `- not run: ${plain(`${engine} / ${path}: ${reason}`)}`),
    '',
    environmentLine(report),
    '',
  ].join('\n');
}

function checkText({ ok, actual }: PathCheck): string {
  return ok === true ? 'ok' : ok === null ? actual : `**wrong:** ${actual}`;
}

function comparisonLines(comparison: Comparison): readonly string[] {
  const failed = comparison.paths.filter(({ failures }) => failures.length > 0);
  return [
    `**Verdict: ${comparisonVerdict(comparison)}.**`,
    `${plain(comparison.before)} -> ${plain(comparison.after)}, ${pairingText(comparison)}; ${figureText}.`,
    '',
    ...failed.map(
      ({ engine, path, failures }) => `- **${plain(`${engine} / ${path}`)}**: ${plain(failures.join('; '))}`,
    ),
    ...(failed.length === 0 ? [] : ['']),
    ...table(
      ['engine', 'path', 'before', 'after', 'change', '95 % interval', 'verdict'],
      comparison.paths.map((path) => [...comparedCells(path), path.latency.verdict]),
    ),
    ...comparison.unpaired.map(({ engine, path, only, notRun }) =>
      notRun === undefined
        ? `- only ${only}: ${plain(`${engine} / ${path}`)}`
        : `- **not run any more**: ${plain(`${engine} / ${path}: ${notRun}`)}`,
    ),
    ...comparison.differences.map((difference) => `- also different: ${plain(difference)}`),
    '',
  ];
}

function environmentLine({ environment }: BenchReport): string {
  const { processor, cores, system, fileSystem, node, commit, dataset, loadBefore, loadAfter } = environment;
  return (
    `<sub>${plain(`${processor}, ${cores} cores, ${system}, ${fileSystem}, Node ${node}, commit ${commit ?? 'none'}`)}, ` +
    `data ${plain(datasetText({ dataset }))}, load ${loadBefore.toFixed(1)} -> ${loadAfter.toFixed(1)}</sub>`
  );
}

/** Text in Markdown that is not HTML, no link and no row of its own. */
function plain(text: string): string {
  return text
    .replaceAll(/\s*[\r\n]+\s*/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`[\]|]/g, '\\$&');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(plain).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''];
}
