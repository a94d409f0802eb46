import Table from 'cli-table3';
import stringWidth from 'string-width';
import type { Colors } from './colors.ts';
import { cellText, terminalText } from './terminal.ts';

export interface Column {
  readonly title: string;
  /** Default: left. Figures stand to the right. */
  readonly align?: 'left' | 'right';
}

/** Between two columns. */
const gap = '  ';

/** Columns of text are not made narrower than this, nor than their titles. */
const widthMin = 8;

/**
 * A table without a frame: columns two spaces apart under a line of titles. In a terminal it is as wide as that, at least
 * 80 columns: texts go on in further lines of their cells. Elsewhere each row is one line, as other programs read it.
 */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[], colors: Colors): string {
  const nothing = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '' };
  const bottom = { bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' };
  const middle = { left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: gap };
  const cells = rows.map((row) => row.map(cellText));
  const widths = colors.width === undefined ? undefined : fittingWidths(columns, cells, Math.max(colors.width, 80));
  const table = new Table({
    head: columns.map((column) => colors.bold(column.title)),
    colAligns: columns.map((column) => column.align ?? 'left'),
    chars: { ...nothing, ...bottom, ...middle },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    ...(widths === undefined ? {} : { colWidths: [...widths], wordWrap: true }),
  });
  for (const row of cells) {
    table.push(row.map((content, column) => ({ content, wrapOnWordBoundary: hasRoom(content, widths?.[column]) })));
  }
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}

/** Widths with which the table fits, taken from the widest texts; `undefined` where it fits by itself. */
function fittingWidths(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): readonly number[] | undefined {
  const titles = columns.map(({ title }) => stringWidth(title));
  const widths = titles.map((title, column) =>
    Math.max(title, ...rows.map((row) => Math.max(...linesOf(row[column] ?? '').map(stringWidth)))),
  );
  const available = width - gap.length * (columns.length - 1);
  const least = columns.map(({ align }, column) =>
    align === 'right' ? (widths[column] ?? 0) : Math.min(widths[column] ?? 0, Math.max(titles[column] ?? 0, widthMin)),
  );
  const total = () => widths.reduce((sum, each) => sum + each, 0);
  if (total() <= available) return undefined;
  for (let left = total() - available; left > 0; left -= 1) {
    const spare = widths.map((each, column) => each - (least[column] ?? 0));
    const widest = widths.indexOf(Math.max(...widths.filter((_, column) => (spare[column] ?? 0) > 0)));
    if (widest === -1) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

/** Whether each word has room; the library would cut a longer one off, so that cell is broken anywhere. */
function hasRoom(content: string, width = Number.POSITIVE_INFINITY): boolean {
  return linesOf(content).every((line) => line.split(/\s+/).every((word) => stringWidth(word) <= width));
}

function linesOf(content: string): readonly string[] {
  return terminalText(content).split('\n');
}

/** A heading above a part of a report. */
export function formatHeading(text: string, colors: Colors): string {
  return `\n${colors.bold(colors.cyan(text))}\n`;
}
