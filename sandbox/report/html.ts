import { contentPolicy } from '../core/text/content-policy.ts';
import { escapeMarkup } from '../core/text/escape-markup.ts';

/** What is HTML already. Only {@link html} makes it. */
export interface Html {
  readonly html: string;
}

type Content = string | number | Html | readonly Html[];

/** HTML of a template: whatever is put into it is escaped, unless it is HTML itself. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Html {
  const filled = contents.map((content, index) => `${markupOf(content)}${parts[index + 1]}`);
  return { html: `${parts[0]}${filled.join('')}` };
}

export const noHtml: Html = html``;

/** {@link Html} one after the other. */
export function joined(all: readonly Html[], separator: '' | '\n' | ', ' = ''): Html {
  return { html: all.map((each) => each.html).join(separator) };
}

function markupOf(content: Content): string {
  if (typeof content === 'string' || typeof content === 'number') return escapeMarkup(String(content));
  return Array.isArray(content) ? joined(content).html : (content as Html).html;
}

/** A page that needs nothing else, and that no browser lets run a script, load anything or send a form. */
export function htmlPage(page: { readonly title: string; readonly style: string; readonly body: Html }): string {
  const { title, style, body } = page;
  const policy = contentPolicy([style]);
  return `<!doctype html>
${
  html`<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title>`.html
}<style>${style}</style></head><body>
${body.html}
</body></html>
`;
}

/** A cell: text, or what is HTML already. */
export type Cell = string | Html;

export interface HtmlTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Indexes of columns of figures, which stand to the right. */
  readonly figures?: readonly number[];
}

/** A table that scrolls by itself where it is wider than the page. */
export function htmlTable({ head, rows, figures = [] }: HtmlTable): Html {
  const attribute = (index: number) => (figures.includes(index) ? html` class="figure"` : noHtml);
  const headCells = head.map((cell, index) => html`<th${attribute(index)}>${cell}</th>`);
  const line = (cells: readonly Cell[]) =>
    html`<tr>${cells.map((cell, index) => html`<td${attribute(index)}>${cell}</td>`)}</tr>`;
  return html`<div class="scroll"><table><thead><tr>${headCells}</tr></thead><tbody>${joined(rows.map(line), '\n')}</tbody></table></div>`;
}
