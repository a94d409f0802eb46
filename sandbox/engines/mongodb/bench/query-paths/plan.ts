import type { Document } from 'mongodb';
import type { PlanCheck } from '../../../contract/bench/query-path.ts';

/** Holds what a query or an aggregation explains of its winning plan against the scan that is expected. */
export function planCheck(explained: Document, expected: string): PlanCheck {
  const actual = scansOf(explained);
  return { expected, actual, ok: actual === expected };
}

/** Its scans: `IXSCAN on user_id_1_created_at_-1`, `COLLSCAN`. */
export function scansOf(explained: Document): string {
  const scans = new Set(winningPlans(explained).flatMap(scansIn));
  return [...scans].join(', ') || 'no scan';
}

/** Of a query at its top, of an aggregation in its first stage, of a sharded one once for each shard. */
function winningPlans(value: unknown): readonly unknown[] {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, inner]) => (name === 'winningPlan' ? [inner] : winningPlans(inner)));
}

function scansIn(plan: unknown): readonly string[] {
  if (plan === null || typeof plan !== 'object') return [];
  const { stage, indexName } = plan as { stage?: unknown; indexName?: unknown };
  const own =
    stage === 'COLLSCAN'
      ? ['COLLSCAN']
      : stage === 'IXSCAN' || stage === 'TEXT_MATCH'
        ? [`${stage}${indexName === undefined ? '' : ` on ${String(indexName)}`}`]
        : [];
  // What a text index is read with is part of matching the text.
  return stage === 'TEXT_MATCH' ? own : [...own, ...Object.values(plan).flatMap(scansIn)];
}
