import { type Frame, type Lane, laneBox, laneLeft, laneRight, timeText } from './frame.ts';
import type { FaultSpan, Mark, RoleSpan } from './spans.ts';
import { escapeXml, type Markup, rectangle, text, textWidth } from './svg.ts';

const rowHeight = 24;
const barHeight = 18;

/** Pixels between two labels of one row. */
const labelGap = 10;

/** A row for each node: its roles, one after the other. */
export function roleLane(frame: Frame, top: number, spans: readonly RoleSpan[]): Lane {
  const nodes = [...new Set(spans.map(({ node }) => node))];
  const rows = nodes.map((node, row) => {
    const y = top + row * rowHeight;
    const bars = spans.filter((span) => span.node === node).map((span) => roleBar(frame, y, span));
    return (
      text('name right', laneLeft - 10, y + 13, shortened(node)) +
      rectangle('lane', laneBox(y, barHeight)) +
      bars.join('')
    );
  });
  return { markup: rows.join('\n'), height: nodes.length * rowHeight };
}

function roleBar(frame: Frame, y: number, { node, role, fromMs, toMs }: RoleSpan): Markup {
  const style = role === 'primary' || role === 'replica' || role === 'down' ? role : 'other';
  const x = frame.xOf(fromMs);
  const width = Math.max(2, frame.xOf(toMs) - x);
  const hint = `${node}: ${role} from ${timeText(fromMs)} to ${timeText(toMs)}`;
  const bar = rectangle(style, { x, y, width, height: barHeight }, hint);
  return textWidth(role) + 12 > width ? bar : bar + text(`on-${style}`, x + 6, y + 13, role);
}

interface Placed {
  readonly fromX: number;
  readonly toX: number;
  readonly draw: (y: number) => Markup;
}

/** Faults as bars from beginning to end, everything else that was done to the nodes as triangles, in rows that never overlap. */
export function faultLane(frame: Frame, top: number, faults: readonly FaultSpan[], marks: readonly Mark[]): Lane {
  const placed = [...faults.map((fault) => placeFault(frame, fault)), ...marks.map((mark) => placeMark(frame, mark))];
  const rowEnds: number[] = [];
  const drawn = placed
    .toSorted((left, right) => left.fromX - right.fromX)
    .map(({ fromX, toX, draw }) => {
      const free = rowEnds.findIndex((end) => end + labelGap <= fromX);
      const row = free < 0 ? rowEnds.length : free;
      rowEnds[row] = toX;
      return draw(top + row * rowHeight);
    });
  const height = Math.max(1, rowEnds.length) * rowHeight;
  const label = text('name right', laneLeft - 10, top + 13, 'faults');
  return { markup: label + rectangle('lane', laneBox(top, height - rowHeight + barHeight)) + drawn.join('\n'), height };
}

function placeFault(frame: Frame, { name, node, fromMs, toMs, open }: FaultSpan): Placed {
  const label = node === undefined ? name : `${name} ${node}`;
  const [fromX, endX] = [frame.xOf(fromMs), frame.xOf(toMs)];
  const width = Math.max(3, endX - fromX);
  const inside = textWidth(label) + 14 <= width;
  const outside = placeLabel(fromX, fromX + width, label);
  const hint = `${label}: from ${timeText(fromMs)} ${open ? 'on, never ended' : `to ${timeText(toMs)}`}`;
  return {
    fromX: inside ? fromX : Math.min(fromX, outside.fromX),
    toX: inside ? fromX + width : Math.max(fromX + width, outside.toX),
    draw: (y) =>
      rectangle('fault', { x: fromX, y, width, height: barHeight }, hint) +
      (inside ? text('on-fault', fromX + 6, y + 13, label) : text('', outside.fromX, y + 13, label)),
  };
}

function placeMark(frame: Frame, { name, node, timeMs }: Mark): Placed {
  const label = node === undefined ? name : `${name} ${node}`;
  const x = frame.xOf(timeMs);
  const { fromX, toX } = placeLabel(x - 5, x + 5, label);
  const hint = `${label} at ${timeText(timeMs)}`;
  return {
    fromX: Math.min(x - 5, fromX),
    toX: Math.max(x + 5, toX),
    draw: (y) => {
      const points = `${Math.round(x - 5)},${y + 3} ${Math.round(x + 5)},${y + 3} ${Math.round(x)},${y + 15}`;
      return `<polygon class="mark" points="${points}"><title>${escapeXml(hint)}</title></polygon>${text('', fromX, y + 13, label)}`;
    },
  };
}

/** To the right of its sign, or to the left where there is no room. */
function placeLabel(fromX: number, toX: number, label: string): { readonly fromX: number; readonly toX: number } {
  const width = textWidth(label);
  const left = toX + 5 + width > laneRight ? fromX - 5 - width : toX + 5;
  return { fromX: left, toX: left + width };
}

function shortened(name: string): string {
  return name.length <= 16 ? name : `${name.slice(0, 7)}…${name.slice(-8)}`;
}
