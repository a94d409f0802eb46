import { contentPolicy } from '../../sandbox/core/text/content-policy.ts';
import type { HistoryEvent } from '../history.ts';
import { drawTimeline, type TimelineOptions } from './draw-timeline.ts';
import { timelineStyle } from './style.ts';
import { escapeXml, type Markup } from './svg.ts';

const style = `:root{color-scheme:light dark}body{background:#fff;color:#1c2024;font:15px/1.5 system-ui,sans-serif;margin:1.5rem auto;max-width:78rem;padding:0 1rem}
figure{margin:0;overflow-x:auto}svg{height:auto;max-width:100%;min-width:50rem}table{border-collapse:collapse;margin:1rem 1.5rem}td,th{padding:.2rem 1.2rem .2rem 0;text-align:left}
td{font-variant-numeric:tabular-nums}th{color:#60646c;font-weight:500}
@media (prefers-color-scheme:dark){body{background:#14171b;color:#edeef0}th{color:#a0a6ae}}`;

/** Lines of the table below the picture. */
const linesMax = 200;

export interface TimelinePageOptions extends TimelineOptions {
  /** Figures shown below the picture, in their order: `time to first write` to `1.84 s`. */
  readonly measures?: Readonly<Record<string, string | number>>;
}

/** The picture on a page that loads nothing, with figures, and in words what was done to the nodes and seen of them. */
export function formatTimelinePage(events: readonly HistoryEvent[], options: TimelinePageOptions): Markup {
  const told = events.flatMap(sentenceOf);
  const left = told.length - linesMax;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${contentPolicy([style, timelineStyle])}"><meta name="viewport" content="width=device-width"><title>${escapeXml(options.title)}</title><style>${style}</style></head>
<body><figure>
${drawTimeline(events, options)}</figure>
${table(
  ['measure', 'value'],
  Object.entries(options.measures ?? {}).map(([name, value]) => [name, String(value)]),
)}
${table(['when', 'what', 'node'], told.slice(0, linesMax))}
${left > 0 ? `<p>${left} more are in the history.</p>` : ''}
</body></html>
`;
}

const seen = {
  detect: 'the fault is noticed',
  'false-alarm': 'a fault is noticed that is none',
  writable: 'the first write that is asked for directly is committed',
} as const;

function sentenceOf({ timeMs, ...event }: HistoryEvent): readonly (readonly [string, string, string])[] {
  const at = `${(timeMs / 1_000).toFixed(3)} s`;
  if (event.process === 'nemesis') {
    return [
      [
        at,
        event.type === 'invoke' ? `${event.operation} begins` : `${event.operation} has taken effect`,
        event.node ?? '',
      ],
    ];
  }
  if (event.process !== 'observer') return [];
  return [[at, event.operation === 'role' ? `seen as ${event.role}` : seen[event.operation], event.node ?? '']];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): Markup {
  if (rows.length === 0) return '';
  const cells = (tag: 'td' | 'th', texts: readonly string[]) =>
    texts.map((each) => `<${tag}>${escapeXml(each)}</${tag}>`).join('');
  return `<table><tr>${cells('th', head)}</tr>${rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('\n')}</table>`;
}
