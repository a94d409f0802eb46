import type { Box, Markup } from './svg.ts';
import { line, text } from './svg.ts';

/** Width of the picture and where its lanes begin and end, in pixels. */
export const pictureWidth = 1_200;
export const laneLeft = 132;
export const laneRight = 1_176;

/** Slices of time that operations are counted in: about four pixels each. */
export const bucketCount = 261;

/** From time to place. */
export interface Frame {
  readonly endMs: number;
  readonly xOf: (timeMs: number) => number;
}

/** A lane that was drawn, and how high it is. */
export interface Lane {
  readonly markup: Markup;
  readonly height: number;
}

export function frameOf(endMs: number): Frame {
  const width = laneRight - laneLeft;
  return { endMs, xOf: (timeMs) => laneLeft + (Math.min(Math.max(timeMs, 0), endMs) / endMs) * width };
}

export function laneBox(y: number, height: number): Box {
  return { x: laneLeft, y, width: laneRight - laneLeft, height };
}

/** Times with round numbers between them, at most twelve. */
export function ticksOf(endMs: number): readonly number[] {
  const rough = endMs / 12;
  const power = 10 ** Math.floor(Math.log10(rough));
  const stepMs = [1, 2, 5, 10].map((times) => times * power).find((step) => step >= rough) ?? rough;
  return Array.from({ length: Math.floor(endMs / stepMs) + 1 }, (_, position) => position * stepMs);
}

/** Time for an axis or a label: `40 ms`, `1.25 s`, `90 s`. */
export function timeText(timeMs: number): string {
  if (timeMs < 1_000) return `${Number(timeMs.toPrecision(3))} ms`;
  return `${Number((timeMs / 1_000).toPrecision(timeMs < 100_000 ? 3 : 4))} s`;
}

/** Vertical rules and their times, from `top` to `bottom`. */
export function axis(frame: Frame, top: number, bottom: number): Markup {
  const inSeconds = frame.endMs >= 1_000;
  return ticksOf(frame.endMs)
    .map((timeMs) => {
      const x = frame.xOf(timeMs);
      const label = inSeconds ? `${Number((timeMs / 1_000).toFixed(2))} s` : timeText(timeMs);
      return line('rule', [x, top], [x, bottom]) + text('soft middle', x, bottom + 16, label);
    })
    .join('');
}
