import neo4j from 'neo4j-driver';
import type { Dataset } from '../../../../seeds/dataset.ts';
import type { ConceptRelation } from '../../../../seeds/entities.ts';
import { canonicalText, type HeldRow, type Holding, rowsLoaded } from '../../contract/data/holdings.ts';
import type { ReachableEngine } from '../../contract/topology.ts';
import { initialKeys, initialRelationships } from '../schema/initial-keys.ts';
import { connect } from '../server/connection.ts';

/** A statement's row: what a node or relationship is told from others by, and the platform's properties. */
interface GraphRow {
  readonly key: string;
  readonly properties: readonly unknown[];
}

/** Nodes by their business id; one that has none by the server's. The user `system` belongs to the schema. */
function nodes(label: string, id: string, properties: readonly string[]): Holding['held'] {
  const values = properties.map((name) => propertyOf('n', name)).join(', ');
  return (running) =>
    read(
      running,
      `MATCH (n:${label}) WHERE coalesce(n.${id}, '') <> 'system' ` +
        `RETURN coalesce(toStringOrNull(n.${id}), elementId(n)) AS key, [${values}] AS properties`,
      (key) => initialKeys.has(key),
    );
}

function relationships(type: string, [from, to]: readonly [string, string], properties: readonly string[]) {
  const values = properties.map((name) => propertyOf('r', name)).join(', ');
  const end = (name: string) =>
    `coalesce(toStringOrNull(${name}.id), toStringOrNull(${name}.name), elementId(${name}))`;
  const statement =
    `MATCH (a:${from})-[r:${type}]->(b:${to}) WHERE coalesce(a.id, '') <> 'system' ` +
    `RETURN ${end('a')} + ' -> ' + ${end('b')} AS key, [${values}] AS properties`;
  return (running: ReachableEngine) => read(running, statement, (key) => initialRelationships.has(`${type} ${key}`));
}

/** Times as text: the driver's own have a form of their own. */
function propertyOf(variable: string, name: string): string {
  const property = `${variable}.${name}`;
  return isTime(name) ? `toStringOrNull(${property})` : property;
}

function isTime(name: string): boolean {
  return name.endsWith('_at') || name === 'since';
}

async function* read(
  running: ReachableEngine,
  statement: string,
  isOfSchema: (key: string) => boolean,
): AsyncGenerator<HeldRow> {
  await using connection = await connect(running);
  await using session = connection.client.session({ defaultAccessMode: neo4j.session.READ });
  // Read as they come, 1,000 at a time: `executeQuery` holds the whole answer.
  for await (const record of session.run(statement)) {
    const { key, properties } = record.toObject() as GraphRow;
    yield { ...rowOf(key, properties), ...(isOfSchema(key) ? { ofSchema: true } : {}) };
  }
}

function rowOf(key: string, properties: readonly unknown[]): HeldRow {
  return { key, value: canonicalText(properties.map(timeOrValue)) };
}

/** The server writes a time without the fractions that are zero; a text that is none stays as it is. */
function timeOrValue(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT/.test(value)) return value;
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? value : time;
}

function conceptRelations(kind: ConceptRelation['kind'], properties: readonly ('strength' | 'type')[]): Holding {
  return {
    name: kind,
    one: `${kind} relationship`,
    many: `${kind} relationships`,
    countMax: ({ counts }) => counts.conceptRelations,
    loaded: rowsLoaded('conceptRelations', (row) => {
      if (row.kind !== kind) return [];
      const values = row as Partial<Record<'strength' | 'type', unknown>>;
      return [
        rowOf(
          `${row.from} -> ${row.to}`,
          properties.map((name) => values[name]),
        ),
      ];
    }),
    held: relationships(kind, ['Concept', 'Concept'], properties),
  };
}

async function countAbout(dataset: Dataset): Promise<number> {
  let count = 0;
  for await (const batch of dataset.batches('knowledge')) for (const { about } of batch) count += about.length;
  return count;
}

export const holdings: readonly Holding[] = [
  {
    name: 'User',
    one: 'user',
    many: 'users',
    countMax: ({ counts }) => counts.users,
    loaded: rowsLoaded('users', ({ id, username, levels, createdAt }) => [
      rowOf(id, [username, levels.silicon, levels.consciousness, levels.thinking, createdAt]),
    ]),
    held: nodes('User', 'id', ['name', 'silicon_level', 'consciousness_level', 'thinking_level', 'created_at']),
  },
  {
    name: 'Concept',
    one: 'concept',
    many: 'concepts',
    countMax: ({ counts }) => counts.concepts,
    loaded: rowsLoaded('concepts', ({ name, category, description, siliconLevel, createdAt }) => [
      rowOf(name, [category, description, siliconLevel, createdAt]),
    ]),
    held: nodes('Concept', 'name', ['category', 'description', 'silicon_level', 'created_at']),
  },
  {
    name: 'Knowledge',
    one: 'knowledge item',
    many: 'knowledge items',
    countMax: ({ counts }) => counts.knowledge,
    loaded: rowsLoaded('knowledge', ({ id, title, content, siliconLevel, category, createdAt, updatedAt }) => [
      rowOf(id, [title, content, siliconLevel, category, createdAt, updatedAt]),
    ]),
    held: nodes('Knowledge', 'id', ['title', 'content', 'silicon_level', 'knowledge_type', 'created_at', 'updated_at']),
  },
  {
    name: 'LEARNED',
    one: 'LEARNED relationship',
    many: 'LEARNED relationships',
    countMax: ({ counts }) => counts.learned,
    loaded: rowsLoaded('learned', ({ userId, knowledgeId, learnedAt }) => [
      rowOf(`${userId} -> ${knowledgeId}`, [learnedAt]),
    ]),
    held: relationships('LEARNED', ['User', 'Knowledge'], ['learned_at']),
  },
  {
    name: 'ABOUT',
    one: 'ABOUT relationship',
    many: 'ABOUT relationships',
    countMax: countAbout,
    loaded: rowsLoaded('knowledge', ({ id, about }) =>
      about.map(({ concept, relevance }) => rowOf(`${id} -> ${concept}`, [relevance])),
    ),
    held: relationships('ABOUT', ['Knowledge', 'Concept'], ['relevance']),
  },
  {
    name: 'INTERESTED_IN',
    one: 'INTERESTED_IN relationship',
    many: 'INTERESTED_IN relationships',
    countMax: ({ counts }) => counts.interests,
    loaded: rowsLoaded('interests', ({ userId, concept, since }) => [rowOf(`${userId} -> ${concept}`, [since])]),
    held: relationships('INTERESTED_IN', ['User', 'Concept'], ['since']),
  },
  conceptRelations('RELATES_TO', ['strength', 'type']),
  conceptRelations('INFLUENCES', ['strength', 'type']),
  conceptRelations('PREREQUISITE', []),
];
