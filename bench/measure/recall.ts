import type { RecallSearch } from '../../sandbox/engines/contract/bench/query-path.ts';
import { createRecorder, latenciesOf, record } from '../load/latencies.ts';
import type { RecallPoint } from '../results.ts';
import type { OwnRecall } from './path-figures.ts';

/** Share of the exact answer that `found` holds, 0 to 1; 1 where the exact answer is empty. */
export function recallOf(found: readonly string[], exact: readonly string[]): number {
  if (exact.length === 0) return 1;
  const known = new Set(found);
  return exact.filter((id) => known.has(id)).length / exact.length;
}

/** Recall and latency over the search width, then of the exact search, against the exact search under the same filter. */
export async function measureRecall(search: RecallSearch, signal: AbortSignal): Promise<readonly RecallPoint[]> {
  const exact: (readonly string[])[] = [];
  for (let query = 0; query < search.queries; query += 1) exact.push(await search.search(query, null));
  const points: RecallPoint[] = [];
  for (const ef of [...search.efs, null]) points.push(await pointAt(search, ef, exact, signal));
  return points;
}

/** Queries that the path's own width is tried with, beside its latency: the curve has more. */
const queriesBeside = 12;

/** Recall with the path's own search width. */
export async function recallOfPath(search: RecallSearch, signal: AbortSignal): Promise<OwnRecall> {
  const queries = Math.min(queriesBeside, search.queries);
  const exact: (readonly string[])[] = [];
  for (let query = 0; query < queries; query += 1) exact.push(await search.search(query, null));
  const { recall, returned } = await pointAt({ ...search, queries }, search.ownEf, exact, signal);
  return { k: search.k, ef: search.ownEf, recall, returned, queries };
}

async function pointAt(
  { search, queries }: RecallSearch,
  ef: number | null,
  exact: readonly (readonly string[])[],
  signal: AbortSignal,
): Promise<RecallPoint> {
  const recorder = createRecorder();
  let recall = 0;
  let returned = 0;
  for (let query = 0; query < queries; query += 1) {
    signal.throwIfAborted();
    const beganMs = performance.now();
    const found = await search(query, ef);
    record(recorder, performance.now() - beganMs);
    recall += recallOf(found, exact[query] ?? []);
    returned += found.length;
  }
  const { p50Us, p99Us } = latenciesOf(recorder, 0);
  const mean = (sum: number) => Math.round((sum / queries) * 1e4) / 1e4;
  return { ef, recall: mean(recall), returned: mean(returned), queries, p50Us, p99Us };
}
