import type { BenchReport, PathResult } from '../../../bench/results.ts';
import { formatCount } from '../../core/text/format-count.ts';
import type { Colors } from '../colors.ts';
import { formatMicroseconds } from '../units.ts';

/** More lines than this say no more than how many there are. */
const boundLinesMax = 6;

/** Which figures are the client's and not the store's. */
export function boundRemarks({ paths }: BenchReport, colors: Colors): readonly string[] {
  const bound = paths.filter(({ client }) => client.bound !== null);
  if (bound.length <= boundLinesMax) {
    return bound.map(
      (path) => `  ${colors.yellow(path.client.bound ?? '')} (${path.engine} / ${path.path}, ${loadText(path)})`,
    );
  }
  const waited = Math.max(...bound.map(({ client }) => client.waitedForCoreShare));
  const waiting = waited === 0 ? '' : `; it waited for a core up to ${Math.round(waited * 100)} % of the time`;
  const count = `client-bound: ${bound.length} of ${paths.length} figures are those of this process`;
  return [`  ${colors.yellow(`${count}${waiting}`)}. The machine was busy; the JSON and the page have each.`];
}

function loadText({ mode, offeredPerS, clients }: PathResult): string {
  return mode === 'open'
    ? `open, ${formatCount(offeredPerS ?? 0)}/s`
    : `closed, ${clients} ${clients === 1 ? 'client' : 'clients'}`;
}

/** Which store each read of a path through several was asked of. */
export function storesRemarks({ paths }: BenchReport, colors: Colors): readonly string[] {
  return paths
    .filter(({ mode, clients }) => mode === 'closed' && clients === 1)
    .flatMap(({ path, stores }) => {
      if (stores === undefined) return [];
      const reads = Object.entries(stores).map(([read, store]) => `${read} of ${store}`);
      return [`  ${colors.dim('reads')} ${path}: ${reads.join(', ')}`];
    });
}

/** What is not as expected of a path, or was not checked. */
export function remarks(path: PathResult, colors: Colors): readonly string[] {
  const name = `${path.engine} / ${path.path}`;
  const load = loadText(path);
  const checks = { plan: path.plan, answer: path.answer };
  const late = path.schedule?.held === false ? formatMicroseconds(path.schedule.errorP99Us) : undefined;
  return [
    ...Object.entries(checks)
      .filter(([, check]) => check?.ok === false)
      .map(
        ([what, check]) =>
          `  ${colors.red(`wrong ${what}`)} ${name}: expected ${check?.expected}, got ${check?.actual}`,
      ),
    ...Object.entries(checks)
      // Said once for a path, not for each of its loads.
      .filter(([, check]) => check?.ok === null && path.kinds !== undefined)
      .map(
        ([what, check]) =>
          `  ${colors.dim(`${what} not checked`)} ${name}: ${check?.actual.replace('not checked: ', '')}`,
      ),
    ...(late === undefined
      ? []
      : [`  ${colors.yellow('schedule not held')} ${name}, ${load}: arrivals up to ${late} late (p99)`]),
  ];
}
