import type { Plan, ProfiledPlan, ResultSummary } from 'neo4j-driver';
import type { PlanCheck } from '../../../contract/bench/query-path.ts';

/** Holds where a profiled statement began against what is expected: `NodeUniqueIndexSeek on User(id)`. */
export function planCheck(summary: ResultSummary, expected: string): PlanCheck {
  const plan = summary.profile || summary.plan;
  const leaves = plan === false ? [] : leavesOf(plan);
  const actual = [...new Set(leaves)].toSorted().join(', ') || 'no plan';
  return { expected, actual, ok: actual === expected };
}

/** Operators that read nodes or relationships without being handed any. */
function leavesOf(plan: Plan | ProfiledPlan): readonly string[] {
  const name = plan.operatorType.split('@')[0] ?? '';
  const isLeaf = name.includes('Scan') || name.includes('Seek');
  const children = (plan.children as readonly (Plan | ProfiledPlan)[]).flatMap(leavesOf);
  return isLeaf ? [`${name} on ${placeOf(String(plan.arguments.Details ?? ''))}`, ...children] : children;
}

/** `UNIQUE u:User(id) WHERE id = $userId` is about `User(id)`, `c:Concept` about `Concept`. */
function placeOf(details: string): string {
  return /:(\w+(?:\(\w+\))?)/.exec(details)?.[1] ?? details;
}
