import { formatCount } from '../../sandbox/core/text/format-count.ts';
import { countWrites } from '../checkers/operations.ts';
import type { HistoryEvent } from '../history.ts';
import { bucketsOf, outagesOf, splitOperations } from './buckets.ts';
import { axis, bucketCount, type Frame, frameOf, laneRight, pictureWidth, timeText } from './frame.ts';
import { faultLane, roleLane } from './node-lanes.ts';
import { bucketHints, operationLane, outageShades, slowestLane } from './operation-lanes.ts';
import { faultsOf, type Mark, type RoleChange, roleChangesOf, roleSpansOf } from './spans.ts';
import { timelineStyle } from './style.ts';
import { escapeXml, line, type Markup, rectangle, text, textWidth } from './svg.ts';

export interface TimelineOptions {
  /** For people: what ran, on what. */
  readonly title: string;
  /** Who had which role from when on. Default: what observers recorded in the history. */
  readonly roles?: readonly RoleChange[];
}

/**
 * Draws a history as an SVG that needs nothing else: faults from beginning to end, each node's roles, writes and reads
 * by how they ended, the slowest of them, and when no write was acknowledged. As large as its nodes and faults are many;
 * operations are counted in 261 slices. Light or dark, as the viewer has it.
 */
export function drawTimeline(events: readonly HistoryEvent[], options: TimelineOptions): Markup {
  const endMs = Math.max(1, events.at(-1)?.timeMs ?? 0);
  const frame = frameOf(endMs);
  const { writes, reads } = splitOperations(events);
  const { faults, marks } = faultsOf(events, endMs);
  const outages = outagesOf(writes);
  const roles = roleSpansOf(options.roles ?? roleChangesOf(events), endMs);
  const slices = { endMs, count: bucketCount };
  const [writeBuckets, readBuckets] = [bucketsOf(writes, slices), bucketsOf(reads, slices)];

  const lanesTop = 96;
  const faultsDrawn = faultLane(frame, lanesTop, faults, [...marks, ...detectionsOf(events)]);
  const rolesTop = lanesTop + faultsDrawn.height + 10;
  const rolesDrawn = roleLane(frame, rolesTop, roles);
  const writesTop = rolesTop + rolesDrawn.height + 28;
  const writesDrawn = operationLane(frame, { name: 'writes', top: writesTop, height: 150 }, writeBuckets);
  const slowestTop = writesTop + writesDrawn.height + 10;
  const slowestDrawn = slowestLane(slowestTop, 46, writeBuckets);
  const readsTop = slowestTop + slowestDrawn.height + 10;
  const readsDrawn = operationLane(frame, { name: 'reads', top: readsTop, height: 46 }, readBuckets);
  const bottom = readsTop + readsDrawn.height;
  const faultLines = (top: number) =>
    faults.map(({ fromMs }) => line('event', [frame.xOf(fromMs), top], [frame.xOf(fromMs), bottom])).join('');
  // From back to front: rules never cross a label, and the beginnings of faults show through the columns.
  const body = [
    axis(frame, lanesTop - 6, bottom),
    faultLines(lanesTop),
    ...[faultsDrawn, rolesDrawn, writesDrawn, slowestDrawn, readsDrawn].map(({ markup }) => markup),
    faultLines(writesTop),
    outageShades(frame, writesTop, bottom, outages),
    bucketHints(frame, writesTop, writesDrawn.height, writeBuckets),
  ];
  const summary = summaryOf(writes, reads.length, outages, frame);
  const height = bottom + 30;
  return `<svg xmlns="http://www.w3.org/2000/svg" class="timeline" role="img" viewBox="0 0 ${pictureWidth} ${height}" width="${pictureWidth}" height="${height}">
<title>${escapeXml(options.title)}</title><desc>${escapeXml(summary)}</desc>
<style>${timelineStyle}</style>
${rectangle('ground', { x: 0, y: 0, width: pictureWidth, height })}
${text('title', 24, 34, options.title)}
${text('soft', 24, 56, summary)}
${legend(76)}
${body.join('\n')}
</svg>
`;
}

/** When somebody noticed. */
function detectionsOf(events: readonly HistoryEvent[]): readonly Mark[] {
  return events.flatMap(({ process, operation, timeMs }) =>
    process === 'observer' && operation === 'detect' ? [{ name: 'detected', timeMs }] : [],
  );
}

function summaryOf(
  writes: Parameters<typeof countWrites>[0],
  readCount: number,
  outages: ReturnType<typeof outagesOf>,
  { endMs }: Frame,
): string {
  const { attempted, ok, fail, info } = countWrites(writes);
  const longestMs = outages.reduce((longest, { fromMs, toMs }) => Math.max(longest, toMs - fromMs), 0);
  const parts = [
    `${formatCount(attempted)} writes in ${timeText(endMs)}`,
    `${formatCount(ok)} ok`,
    `${formatCount(info)} info`,
    `${formatCount(fail)} fail`,
    `${formatCount(readCount)} reads`,
    longestMs === 0 ? 'writes never stopped' : `writes stopped for ${timeText(longestMs)} at most`,
  ];
  return parts.join(' · ');
}

/** From the right: what the colours mean. */
function legend(y: number): Markup {
  const entries = ['fail', 'info', 'ok', 'down', 'replica', 'primary', 'fault'];
  let x = laneRight;
  return entries
    .map((name) => {
      x -= textWidth(name) + 6;
      const label = text('soft', x, y, name);
      x -= 16;
      const sample = rectangle(name, { x, y: y - 9, width: 11, height: 11 });
      x -= 14;
      return sample + label;
    })
    .join('');
}
