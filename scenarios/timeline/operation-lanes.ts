import type { Bucket } from './buckets.ts';
import { bucketCount, type Frame, type Lane, laneBox, laneLeft, laneRight, timeText } from './frame.ts';
import type { Span } from './spans.ts';
import { line, type Markup, rectangle, short, text } from './svg.ts';

/** So that a single operation among thousands can be seen. */
const visibleMin = 3;

const bucketWidth = (laneRight - laneLeft) / bucketCount;

/** Operations by how they ended, one on top of the other, as a rate. */
export function operationLane(
  frame: Frame,
  { name, top, height }: { readonly name: string; readonly top: number; readonly height: number },
  buckets: readonly Bucket[],
): Lane {
  const highest = Math.max(1, ...buckets.map(({ ok, fail, info }) => ok + fail + info));
  const bottom = top + height;
  const columns = { ok: '', info: '', fail: '' };
  for (const [position, bucket] of buckets.entries()) {
    let y = bottom;
    for (const outcome of ['ok', 'info', 'fail'] as const) {
      if (bucket[outcome] === 0) continue;
      const part = Math.max(visibleMin, (bucket[outcome] / highest) * (height - 8));
      y -= part;
      columns[outcome] += column(position, y, part);
    }
  }
  const paths = Object.entries(columns).map(([outcome, d]) => (d === '' ? '' : `<path class="${outcome}" d="${d}"/>`));
  const perS = Math.round((highest * bucketCount * 1_000) / frame.endMs);
  const labels = [
    text('name right', laneLeft - 10, bottom - 2, name),
    text('soft right', laneLeft - 10, top + 12, `${perS.toLocaleString('en-US')}/s`),
    line('rule', [laneLeft, top + 8], [laneRight, top + 8]),
  ];
  return { markup: rectangle('lane', laneBox(top, height)) + labels.join('') + paths.join('\n'), height };
}

/** The slowest operation of each slice, by when it ended. */
export function slowestLane(top: number, height: number, buckets: readonly Bucket[]): Lane {
  const slowestMs = Math.max(0.001, ...buckets.map((bucket) => bucket.slowestMs));
  const d = buckets.map((bucket, position) => {
    const part = bucket.slowestMs === 0 ? 0 : Math.max(1, (bucket.slowestMs / slowestMs) * (height - 8));
    return part === 0 ? '' : column(position, top + height - part, part);
  });
  const labels = [
    text('name right', laneLeft - 10, top + height - 2, 'slowest'),
    text('soft right', laneLeft - 10, top + 12, timeText(slowestMs)),
  ];
  const markup = `${rectangle('lane', laneBox(top, height))}${labels.join('')}<path class="slow" d="${d.join('')}"/>`;
  return { markup, height };
}

/** Shade over the lanes for as long as no write was acknowledged, and how long that was. */
export function outageShades(frame: Frame, top: number, bottom: number, outages: readonly Span[]): Markup {
  return outages
    .map(({ fromMs, toMs }) => {
      const [x, end] = [frame.xOf(fromMs), frame.xOf(toMs)];
      const shade = rectangle('outage', { x, y: top, width: Math.max(1, end - x), height: bottom - top });
      const label = `no write for ${timeText(toMs - fromMs)}`;
      const nearEnd = (x + end) / 2 > laneRight - 70;
      const place = nearEnd ? laneRight : Math.max((x + end) / 2, laneLeft + 60);
      return shade + text(`outage-text ${nearEnd ? 'right' : 'middle'}`, place, top - 5, label);
    })
    .join('\n');
}

/** What the pointer shows of each slice of writes. */
export function bucketHints(frame: Frame, top: number, height: number, buckets: readonly Bucket[]): Markup {
  return buckets
    .map(({ ok, fail, info }, position) => {
      if (ok + fail + info === 0) return '';
      const atMs = (position / bucketCount) * frame.endMs;
      const hint = `${timeText(atMs)}: ${ok} ok, ${info} info, ${fail} fail`;
      return rectangle('hint', { x: laneLeft + position * bucketWidth, y: top, width: bucketWidth, height }, hint);
    })
    .join('');
}

/** A bar as part of a path. A hair narrower than its slice, so that slices can be told apart. */
function column(position: number, y: number, height: number): string {
  return `M${short(laneLeft + position * bucketWidth)} ${short(y)}h${short(bucketWidth - 0.6)}v${short(height)}h-${short(bucketWidth - 0.6)}z`;
}
