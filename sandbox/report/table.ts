import Table from 'cli-table3';
import type { Colors } from './colors.ts';
import { cellText } from './terminal.ts';

export interface Column {
  readonly title: string;
  /** Default: left. Figures stand to the right. */
  readonly align?: 'left' | 'right';
}

/** A table without a frame: columns two spaces apart under a line of titles. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[], colors: Colors): string {
  const nothing = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '' };
  const bottom = { bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' };
  const middle = { left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' };
  const table = new Table({
    head: columns.map((column) => colors.bold(column.title)),
    colAligns: columns.map((column) => column.align ?? 'left'),
    chars: { ...nothing, ...bottom, ...middle },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  for (const row of rows) table.push(row.map(cellText));
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}

/** A heading above a part of a report. */
export function formatHeading(text: string, colors: Colors): string {
  return `\n${colors.bold(colors.cyan(text))}\n`;
}
