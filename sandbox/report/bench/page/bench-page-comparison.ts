import type { Comparison, PathComparison } from '../../../../bench/compare/compare-reports.ts';
import { type Cell, type Html, html, htmlTable, joined } from '../../html.ts';
import { comparedCells, figureText, intervalText, pairingText } from '../comparison-text.ts';

const classOf = { slower: 'bad', faster: 'good', same: 'faint', unclear: 'doubt', 'too-few-rounds': 'doubt' } as const;

/** The paths before and after: change, its interval beside what counts, and what else is different. */
export function comparisonSection(comparison: Comparison): Html {
  const widest = Math.max(0.1, ...comparison.paths.flatMap(({ latency }) => latency.interval.map(Math.abs)));
  const remarks = [
    ...comparison.paths.flatMap(({ engine, path, failures }) =>
      failures.map((failure) => ({ class: 'bad', text: `${engine} / ${path}: ${failure}` })),
    ),
    ...comparison.unpaired.map(({ engine, path, only, notRun }) => ({
      class: notRun === undefined ? 'doubt' : 'bad',
      text: `${engine} / ${path}: ${notRun === undefined ? `only ${only}` : `not run any more, ${notRun}`}`,
    })),
    ...comparison.differences.map((text) => ({ class: 'faint', text: `also different: ${text}` })),
  ];
  return html`<section><p class="faint">${pairingText(comparison)}; ${figureText}</p>
${htmlTable({
  head: ['engine', 'path', 'before', 'after', 'change', '95 % interval', '', 'verdict'],
  rows: comparison.paths.map((path) => row(path, { widest: Math.min(widest, 1), smallest: comparison.smallestChange })),
  figures: [2, 3, 4, 5],
})}
<ul class="remarks">${remarks.map((each) => html`<li class="${each.class}">${each.text}</li>`)}</ul></section>`;
}

interface Scale {
  readonly widest: number;
  readonly smallest: number;
}

function row(path: PathComparison, scale: Scale): readonly Cell[] {
  const { latency } = path;
  return [
    ...comparedCells(path),
    intervalPicture(path, scale),
    joined(
      [
        html`<span class="${classOf[latency.verdict]}">${latency.verdict}</span>`,
        ...(path.plan === undefined ? [] : [html`<span class="bad">other plan</span>`]),
        ...(path.answer === undefined ? [] : [html`<span class="bad">other answer</span>`]),
      ],
      ', ',
    ),
  ];
}

/** The change and its interval on a line, from -`widest` to +`widest`, over the band that is no change. */
function intervalPicture({ latency }: PathComparison, { widest, smallest }: Scale): Html {
  const at = (share: number) =>
    Math.round(((Math.max(-widest, Math.min(widest, share)) / widest) * 112 + 120) * 10) / 10;
  const [low, high] = latency.interval;
  const [bandLow, bandHigh] = [at(-smallest), at(smallest)];
  const color = { slower: 'c1', faster: 'c2', same: 'c5', unclear: 'c5', 'too-few-rounds': 'c5' }[latency.verdict];
  return html`<svg class="interval ${color}" viewBox="0 0 240 22" role="img" aria-label="${intervalText({ latency } as PathComparison)}">
<rect class="band" x="${bandLow}" y="2" width="${bandHigh - bandLow}" height="18"/><line class="zero" x1="120" x2="120" y1="0" y2="22"/>
<line class="range" x1="${at(low)}" x2="${at(high)}" y1="11" y2="11"/><circle cx="${at(latency.change)}" cy="11" r="5"/></svg>`;
}
