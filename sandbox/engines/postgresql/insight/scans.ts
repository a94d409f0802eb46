/** A node of a plan, as `EXPLAIN (FORMAT JSON)` prints it. */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Filter?: string;
  readonly 'Index Cond'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** Nodes that read a table from end to end unless a condition of an index bounds them. */
const readers = new Set(['Seq Scan', 'Index Scan', 'Index Only Scan']);

/**
 * Tables that are read from end to end for the sake of a filter. Reading all of a table because all of it is wanted is
 * none of these.
 */
export function scansOf(node: PlanNode): readonly string[] {
  const { Filter: filter, 'Relation Name': table, 'Index Cond': bound, Plans: below = [] } = node;
  const isScan = readers.has(node['Node Type']) && filter !== undefined && bound === undefined;
  return [...(isScan ? [`${table}, for ${filter}`] : []), ...below.flatMap(scansOf)];
}
