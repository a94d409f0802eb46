import type { Driver, EagerResult } from 'neo4j-driver';
import type { QualityPlace, QualitySession } from '../../contract/quality.ts';
import type { SchemaObject } from '../../contract/schema/schema-gap.ts';
import { objectsThere, type StatedObject } from '../schema/schema-gaps.ts';
import { readPlace } from './statement.ts';

/** Label of our own records. */
const ownLabel = 'SandboxRecord';

/** Properties as they are seen on nodes and relationships, by label and by type. */
interface Seen {
  readonly nodes: ReadonlyMap<string, ReadonlySet<string>>;
  readonly relationships: ReadonlyMap<string, ReadonlySet<string>>;
  readonly stated: readonly StatedObject[];
}

/** The graph is looked through once for all of its places: the server reads every node for it. */
export function createCatalogue(driver: Driver): Pick<QualitySession, 'places' | 'catalogue'> {
  let looking: Promise<Seen> | undefined;
  const seen = () => {
    looking ??= look(driver);
    return looking;
  };
  return {
    places: async () => {
      const { nodes, relationships } = await seen();
      return [
        ...[...nodes.keys()].filter((label) => label !== ownLabel).map((label) => ({ name: `(:${label})` })),
        ...[...relationships.keys()].map((type) => ({ name: `[:${type}]` })),
      ];
    },
    catalogue: async (place) => objectsOf(await seen(), place),
  };
}

function objectsOf({ nodes, relationships, stated }: Seen, place: QualityPlace): readonly SchemaObject[] {
  const { label, isNode } = readPlace(place);
  const properties = (isNode ? nodes : relationships).get(label) ?? new Set<string>();
  const target = isNode ? `(:${label}) ` : `[:${label}] `;
  return [
    ...[...properties].map((name) => ({ kind: 'property', name, definition: '' })),
    ...stated
      .filter((object) => object.target.startsWith(target))
      .map(({ kind, name, definition }) => ({ kind, name, definition })),
  ];
}

async function look(driver: Driver): Promise<Seen> {
  const [nodes, relationships, stated] = await Promise.all([
    driver.executeQuery<EagerResult<{ labels: readonly string[]; property: string | null }>>(
      'CALL db.schema.nodeTypeProperties() YIELD nodeLabels, propertyName RETURN nodeLabels AS labels, propertyName AS property',
    ),
    driver.executeQuery<EagerResult<{ labels: readonly string[]; property: string | null }>>(
      "CALL db.schema.relTypeProperties() YIELD relType, propertyName RETURN [replace(substring(relType, 1), '`', '')] AS labels, propertyName AS property",
    ),
    objectsThere(driver),
  ]);
  const byLabel = (rows: typeof nodes.records) => {
    const found = new Map<string, Set<string>>();
    for (const { labels, property } of rows.map((row) => row.toObject())) {
      for (const label of labels) {
        const properties = found.get(label) ?? new Set();
        if (property !== null) properties.add(property);
        found.set(label, properties);
      }
    }
    return found;
  };
  return { nodes: byLabel(nodes.records), relationships: byLabel(relationships.records), stated };
}
