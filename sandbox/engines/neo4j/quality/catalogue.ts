import type { Driver, EagerResult } from 'neo4j-driver';
import type { QualityLimits, QualityPlace, QualitySession } from '../../contract/quality.ts';
import type { SchemaObject } from '../../contract/schema/schema-gap.ts';
import { objectsThere, type StatedObject } from '../schema/schema-gaps.ts';
import { readPlace, unlabelled } from './statement.ts';

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
    places: (limits) => placesIn(driver, limits),
    catalogue: async (place) => objectsOf(await seen(), place),
  };
}

/** Labels and types that something has, by what the server counts, or that an index or a constraint waits for. */
async function placesIn(driver: Driver, { timeoutMs }: QualityLimits): Promise<readonly QualityPlace[]> {
  const list = async (statement: string) => {
    const { records } = await driver.executeQuery(
      statement,
      {},
      { transactionConfig: { timeout: Math.ceil(timeoutMs) } },
    );
    return records.map((record) => ({ name: String(record.get('name')) }));
  };
  const [labels, types, stated] = await Promise.all([
    list("CALL db.labels() YIELD label RETURN '(:' + label + ')' AS name"),
    list("CALL db.relationshipTypes() YIELD relationshipType AS type RETURN '[:' + type + ']' AS name"),
    objectsThere(driver),
  ]);
  // A target is a place and its properties.
  const waited = stated.map(({ target, properties }) => target.slice(0, -1 - properties.join(', ').length));
  const names = new Set([...labels, ...types].map(({ name }) => name).concat(waited));
  if (await hasUnlabelled(list)) names.add(unlabelled);
  return [...names]
    .filter((name) => name !== `(:${ownLabel})`)
    .toSorted()
    .map((name) => ({ name }));
}

/** Whether a node has no label: what is of no label is in no place. The server looks no further than the first one. */
async function hasUnlabelled(list: (statement: string) => Promise<readonly unknown[]>): Promise<boolean> {
  const found = await list("MATCH (x) WHERE size(labels(x)) = 0 RETURN 'x' AS name LIMIT 1");
  return found.length > 0;
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
      for (const label of labels.length === 0 ? [''] : labels) {
        const properties = found.get(label) ?? new Set();
        if (property !== null) properties.add(property);
        found.set(label, properties);
      }
    }
    return found;
  };
  return { nodes: byLabel(nodes.records), relationships: byLabel(relationships.records), stated };
}
