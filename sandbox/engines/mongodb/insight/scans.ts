/** Fields that a plan which reads a whole collection compares; a plan with an index, or without a filter, has none. */
export function scansOf(plan: unknown): readonly string[] {
  if (Array.isArray(plan)) return plan.flatMap(scansOf);
  if (typeof plan !== 'object' || plan === null) return [];
  const { stage, filter } = plan as { readonly stage?: unknown; readonly filter?: unknown };
  if (stage === 'COLLSCAN') return hasFields(filter) ? [Object.keys(filter).join(', ')] : [];
  // Those that were not chosen are no matter.
  return Object.entries(plan).flatMap(([name, each]) => (name === 'rejectedPlans' ? [] : scansOf(each)));
}

function hasFields(filter: unknown): filter is object {
  return typeof filter === 'object' && filter !== null && Object.keys(filter).length > 0;
}
