/** Text as HTML shows it. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** A cell: text, or what is HTML already. */
export type Cell = string | { readonly html: string };

export interface HtmlTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Indexes of columns of figures, which stand to the right. */
  readonly figures?: readonly number[];
}

/** A table that scrolls by itself where it is wider than the page. */
export function htmlTable({ head, rows, figures = [] }: HtmlTable): string {
  const attribute = (index: number) => (figures.includes(index) ? ' class="figure"' : '');
  const inner = (cell: Cell) => (typeof cell === 'string' ? escapeHtml(cell) : cell.html);
  const line = (tag: 'td' | 'th', cells: readonly Cell[]) =>
    `<tr>${cells.map((cell, index) => `<${tag}${attribute(index)}>${inner(cell)}</${tag}>`).join('')}</tr>`;
  return `<div class="scroll"><table><thead>${line('th', head)}</thead><tbody>${rows.map((row) => line('td', row)).join('\n')}</tbody></table></div>`;
}
