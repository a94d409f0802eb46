import { type Html, html, joined } from './html.ts';

/** One axis: where a value lies, 0 to 1, and which values are named. */
export interface Axis {
  readonly title: string;
  readonly at: (value: number) => number;
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
}

export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number; readonly note: string }[];
}

const width = 560;
const height = 300;
const inside = { left: 78, right: 16, top: 14, bottom: 46 } as const;

/** Colours are classes `c0` to `c5` of the page, so that they follow light and dark. */
const seriesColors = 6;

/** A line chart as inline SVG, with its legend; each point tells its figures when it is pointed at. */
export function lineChart(title: string, x: Axis, y: Axis, series: readonly Series[]): Html {
  const right = width - inside.right;
  const bottom = height - inside.bottom;
  const toX = (value: number) => round(inside.left + x.at(value) * (right - inside.left));
  const toY = (value: number) => round(bottom - y.at(value) * (bottom - inside.top));
  const columns = x.ticks.map(
    ({ value, label }) =>
      html`<line class="grid" x1="${toX(value)}" x2="${toX(value)}" y1="${inside.top}" y2="${bottom}"/><text class="tick" x="${toX(value)}" y="${bottom + 17}" text-anchor="middle">${label}</text>`,
  );
  const rows = y.ticks.map(
    ({ value, label }) =>
      html`<line class="grid" x1="${inside.left}" x2="${right}" y1="${toY(value)}" y2="${toY(value)}"/><text class="tick" x="${inside.left - 8}" y="${toY(value) + 4}" text-anchor="end">${label}</text>`,
  );
  const lines = series.map(({ name, points }, index) => {
    const path = points.map((point) => `${toX(point.x)},${toY(point.y)}`).join(' ');
    const dots = points.map(
      (point) =>
        html`<circle cx="${toX(point.x)}" cy="${toY(point.y)}" r="3.2"><title>${`${name}: ${point.note}`}</title></circle>`,
    );
    return html`<g class="c${index % seriesColors}"><polyline points="${path}"/>${dots}</g>`;
  });
  const legend = series.map(({ name }, index) => html`<li class="c${index % seriesColors}"><i></i>${name}</li>`);
  return html`<figure><figcaption>${title}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
${columns}${rows}
<text class="axis" x="${(inside.left + right) / 2}" y="${height - 8}" text-anchor="middle">${x.title}</text>
<text class="axis" transform="translate(12 ${(inside.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${y.title}</text>
${joined(lines, '\n')}
</svg>
<ul class="legend">${legend}</ul></figure>`;
}

/** Each power of ten is as wide as the next, from a little below the least to a little above the most value; of none, around one. */
export function logarithmicAxis(title: string, values: readonly number[], label: (value: number) => string): Axis {
  const found = values.filter((value) => value > 0);
  const positive = found.length > 0 ? found : [1];
  const low = Math.log10(Math.min(...positive)) - 0.08;
  const high = Math.max(Math.log10(Math.max(...positive)) + 0.08, low + 0.3);
  const steps = high - low > 3 ? [1] : high - low > 1.2 ? [1, 3] : [1, 2, 3, 5, 7];
  const ticks: number[] = [];
  for (let power = Math.floor(low); power <= Math.ceil(high); power += 1) {
    ticks.push(...steps.map((step) => step * 10 ** power));
  }
  // What is too short to be told from nothing lies at the lower end.
  const at = (value: number) => (value > 0 ? (Math.log10(value) - low) / (high - low) : 0);
  return {
    title,
    at,
    ticks: ticks.filter((value) => at(value) >= 0 && at(value) <= 1).map((value) => ({ value, label: label(value) })),
  };
}

/** From `low` to `high` or the next round number above it, with about five names. */
export function linearAxis(
  title: string,
  { low, high, end }: { readonly low: number; readonly high: number; readonly end: 'round' | 'exact' },
  label: (value: number) => string,
): Axis {
  const top = high > low ? high : low + 1;
  const rough = (top - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough) + 1e-9);
  const step = ([1, 2, 5, 10].find((each) => each * power >= rough - 1e-9) ?? 10) * power;
  const last = end === 'exact' ? top : low + Math.ceil((top - low) / step - 1e-9) * step;
  const count = Math.floor((last - low) / step + 1e-9);
  return {
    title,
    at: (value) => (value - low) / (last - low),
    ticks: Array.from({ length: count + 1 }, (_, index) => low + index * step).map((value) => ({
      value,
      label: label(value),
    })),
  };
}

/** Percentiles, the tail stretched: each further nine is as wide as the last. */
export function percentileAxis(highest: number): Axis {
  const nines = (percentile: number) => -Math.log10(1 - Math.min(percentile, highest) / 100);
  const end = nines(highest);
  const named = [0, 50, 90, 99, 99.9, 99.99].filter((percentile) => percentile <= highest);
  return {
    title: 'percentile',
    at: (percentile) => nines(percentile) / end,
    ticks: named.map((value) => ({ value, label: value === 0 ? 'min' : `p${value}` })),
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
