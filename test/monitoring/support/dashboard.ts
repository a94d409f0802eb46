import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A panel of a dashboard of Grafana that shows something. */
export interface Panel {
  readonly title: string;
  /** Begins with `Empty` and says where, if it may show nothing. */
  readonly description?: string;
  readonly targets: readonly { readonly expr: string }[];
}

/** The panels of the dashboard that is shipped, without the headings of its rows. */
export async function readPanels(): Promise<readonly Panel[]> {
  const folder = join(import.meta.dirname, '..', '..', '..', 'sandbox', 'monitoring', 'grafana');
  const { panels } = JSON.parse(await readFile(join(folder, 'databases.json'), 'utf8')) as {
    readonly panels: readonly (Panel & { readonly type: string })[];
  };
  return panels.filter(({ type }) => type !== 'row');
}

const words = new Set(['and', 'or', 'unless', 'bool', 'offset']);

/** Names of the metrics in an expression of PromQL: what stands there beside functions, labels, texts and words. */
export function metricsIn(expression: string): readonly string[] {
  const bare = expression
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, '');
  const names = [...bare.matchAll(/(?<![\w.])([a-zA-Z_:][\w:]*)(?!\s*\(|[\w:])/g)].map(([, name = '']) => name);
  return [...new Set(names.filter((name) => !words.has(name)))];
}
