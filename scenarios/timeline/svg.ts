import { escapeMarkup } from '../../sandbox/core/text/escape-markup.ts';

/** A part of a picture, as text. */
export type Markup = string;

/** Text as it may stand between tags and in attributes; what XML has no place for is left out. */
export function escapeXml(text: string): Markup {
  return escapeMarkup([...text].filter((each) => each >= ' ' || each === '\n' || each === '\t').join(''));
}

/** Where something goes, in pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** `hint` is shown where the pointer rests. */
export function rectangle(style: string, { x, y, width, height }: Box, hint?: string): Markup {
  const place = `x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}"`;
  if (hint === undefined) return `<rect class="${style}" ${place}/>`;
  return `<rect class="${style}" ${place}><title>${escapeXml(hint)}</title></rect>`;
}

export function line(
  style: string,
  from: readonly [x: number, y: number],
  to: readonly [x: number, y: number],
): Markup {
  return `<line class="${style}" x1="${short(from[0])}" y1="${short(from[1])}" x2="${short(to[0])}" y2="${short(to[1])}"/>`;
}

export function text(style: string, x: number, y: number, content: string): Markup {
  return `<text class="${style}" x="${short(x)}" y="${short(y)}">${escapeXml(content)}</text>`;
}

/** About how wide a text of 12 pixels is: enough to tell whether it fits. */
export function textWidth(content: string): number {
  return content.length * 6.8;
}

/** A tenth of a pixel is as much as anybody sees. */
export function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}
