import type { EntityCounts } from '../../../../seeds/dataset.ts';
import type { Entities, EntityName } from '../../../../seeds/entities.ts';

/** One statement over the rows of an entity. */
export interface LoadStep {
  /** Names the statement's file in `load/`, and the part of the load. */
  readonly name: string;
  readonly entity: EntityName;
  /** Picks the rows that the statement is for. Default: all. */
  readonly only?: (row: object) => boolean;
  /**
   * Whether the statement makes a relationship for every row, whatever is there: before it is run again,
   * `<name>-again.cypher` takes back what it made. All others MERGE by a key.
   */
  readonly takenBackFirst?: true;
}

const isKind = (kind: Entities['conceptRelations']['kind']) => (row: object) => 'kind' in row && row.kind === kind;

/**
 * In an order in which each finds what it needs. Within a step several transactions are under way: the rows of an entity
 * come user by user, so that they share no node at the one end, and the server takes the locks of those that they share at
 * the other in one order, as it commits. Where two get in each other's way all the same, the driver runs one again.
 */
export const steps: readonly LoadStep[] = [
  { name: 'concepts', entity: 'concepts' },
  { name: 'users', entity: 'users' },
  { name: 'knowledge', entity: 'knowledge' },
  { name: 'learned', entity: 'learned', takenBackFirst: true },
  { name: 'relates-to', entity: 'conceptRelations', only: isKind('RELATES_TO') },
  { name: 'about', entity: 'knowledge' },
  { name: 'interested-in', entity: 'interests', takenBackFirst: true },
  { name: 'influences', entity: 'conceptRelations', only: isKind('INFLUENCES') },
  { name: 'prerequisite', entity: 'conceptRelations', only: isKind('PREREQUISITE') },
];

/** Rows that a load of so many entities goes through, all steps together. */
export function rowsOfSteps(counts: EntityCounts): number {
  return steps.reduce((sum, { entity }) => sum + counts[entity], 0);
}

/** A row as the statements take it: times as text, which they make temporal; the driver's own would take the local zone. */
export function parameterOf(row: object): object {
  const parameter: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row))
    parameter[name] = value instanceof Date ? value.toISOString() : value;
  return parameter;
}
