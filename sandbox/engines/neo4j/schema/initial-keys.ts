/** Keys of the nodes that `schema/initial-graph.cypher` brings; a dataset of rows from files need not have them. */
export const initialKeys: ReadonlySet<string> = new Set(['system', '硅基生命', '意识层级', '思维模式', 'k001']);

/** Its relationships, by their type and their two ends. */
export const initialRelationships: ReadonlySet<string> = new Set([
  'RELATES_TO 硅基生命 -> 意识层级',
  'INFLUENCES 意识层级 -> 思维模式',
  'ABOUT k001 -> 硅基生命',
]);
