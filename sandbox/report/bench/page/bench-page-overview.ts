import type { BenchReport, PathResult } from '../../../../bench/results.ts';
import { formatCount } from '../../../core/text/format-count.ts';
import { type Cell, type Html, html, htmlTable, joined, noHtml } from '../../html.ts';
import { formatMicroseconds } from '../../units.ts';

/** All paths, a table for each store: what one client sees, what is promised, and whether plan and answer are right. */
export function overviewSections({ paths }: BenchReport): Html {
  const groups = Map.groupBy(paths, ({ engine, path }) => JSON.stringify([engine, path]));
  const stores = Map.groupBy(groups.values(), ([first]) => first?.engine ?? '');
  return joined(
    [...stores].map(([engine, ofStore]) => overview(engine, ofStore)),
    '\n',
  );
}

function overview(engine: string, paths: readonly (readonly PathResult[])[]): Html {
  const rows = paths.flatMap((rows) => {
    const [first] = rows;
    if (first === undefined) return [];
    const most = rows.reduce((best, row) => (row.achievedPerS > best.achievedPerS ? row : best));
    return [
      [
        html`<a href="#${pathId(first)}">${first.path}</a>`,
        formatMicroseconds(first.p50Us),
        formatMicroseconds(first.p99Us),
        formatCount(most.achievedPerS),
        first.reference === undefined ? '' : `${first.reference.ratio}`,
        first.recall === undefined ? '' : first.recall.recall.toFixed(3),
        objectiveBadge(rows, ''),
        check(first.plan),
        check(first.answer),
      ] satisfies readonly Cell[],
    ];
  });
  const head = ['path', 'p50', 'p99', 'reached/s', 'times the bare driver', 'recall', 'objective', 'plan', 'answer'];
  return html`<h2>${engine}</h2>\n<section class="overview">${htmlTable({ head, rows, figures: [1, 2, 3, 4, 5] })}</section>`;
}

/** Where a path's own section is. */
export function pathId({ engine, path }: PathResult): string {
  return `${engine} ${path}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}

/** What is promised, and whether it was kept. */
export function objectiveBadge(rows: readonly PathResult[], kind = 'badge'): Html {
  const objective = rows.find((row) => row.objective !== undefined)?.objective;
  if (objective === undefined) return noHtml;
  const { p99Ms, met } = objective;
  const [color, text] = met === null ? ['faint', 'not told'] : met ? ['good', 'met'] : ['doubt', 'missed'];
  return html`<span class="${kind} faint">p99 ≤ ${p99Ms} ms <span class="${color}">${text}</span></span>`;
}

function check({ ok }: PathResult['plan']): Cell {
  const [color, text] = ok === null ? ['doubt', 'not checked'] : ok ? ['good', 'ok'] : ['bad', 'wrong'];
  return html`<span class="${color}">${text}</span>`;
}

/** What the time of a path is made of: by the kind of its parameters, and by its hops. */
export function partTables({ kinds = [], hops = [], recall }: PathResult): Html {
  const figures = (each: { readonly samples: number; readonly p50Us: number; readonly p99Us: number }) => [
    formatCount(each.samples),
    ...[each.p50Us, each.p99Us].map((us) => (each.samples === 0 ? '-' : formatMicroseconds(us))),
  ];
  const tables = [
    ...(kinds.length === 0
      ? []
      : [
          htmlTable({
            head: ['parameters', 'share', 'samples', 'p50', 'p99'],
            rows: kinds.map((each) => [each.kind, `${Math.round(each.share * 100)} %`, ...figures(each)]),
            figures: [1, 2, 3, 4],
          }),
        ]),
    ...(hops.length === 0
      ? []
      : [
          htmlTable({
            head: ['hop', 'samples', 'p50', 'p99'],
            rows: hops.map((each) => [each.hop, ...figures(each)]),
            figures: [1, 2, 3],
          }),
        ]),
  ];
  const found =
    recall === undefined
      ? noHtml
      : html`<p class="faint">${
          `Recall at ${recall.k} with ef ${recall.ef}: ${recall.recall.toFixed(3)} over ${recall.queries} queries, ` +
          `${recall.returned.toFixed(1)} rows returned.`
        }</p>`;
  return html`<div class="parts">${joined(tables, '\n')}</div>${found}`;
}
