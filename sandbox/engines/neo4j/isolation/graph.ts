import { hash } from 'node:crypto';
import type { Driver, EagerResult } from 'neo4j-driver';
import { cypherFile } from '../server/cypher-file.ts';
import { valueText } from './value-text.ts';

type Properties = Readonly<Record<string, unknown>>;

/** A node as the server tells of it. Values have the driver's own types, so that an integer stays one. */
interface FoundNode {
  readonly id: string;
  readonly labels: readonly string[];
  readonly properties: Properties;
}

interface FoundRelationship {
  readonly id: string;
  readonly type: string;
  readonly from: string;
  readonly to: string;
  readonly properties: Properties;
}

export interface FoundGraph {
  readonly nodes: readonly FoundNode[];
  readonly relationships: readonly FoundRelationship[];
}

/** A graph to make others from: what a server calls its elements is left out, and their places in the lists take its place. */
export interface SeedGraph {
  readonly nodes: readonly SeedNode[];
  readonly relationships: readonly SeedRelationship[];
}

interface SeedNode {
  readonly labels: readonly string[];
  readonly properties: Properties;
  readonly digest: string;
}

interface SeedRelationship {
  readonly type: string;
  /** Places of its two ends among the nodes. */
  readonly from: number;
  readonly to: number;
  readonly properties: Properties;
  readonly digest: string;
}

/** Which element of a seed each of a server's elements is, by the server's own id. */
export interface Placed {
  readonly nodes: Map<string, number>;
  readonly relationships: Map<string, number>;
}

/** Reads all of a graph. The driver has to keep integers as its own type. */
export async function readGraph(driver: Driver): Promise<FoundGraph> {
  const [nodes, relationships] = [await cypher('nodes'), await cypher('relationships')];
  const read = async <Row>(statement: string) =>
    (await driver.executeQuery<EagerResult<Row & Record<string, unknown>>>(statement)).records.map(
      (record) => record.toObject() as Row,
    );
  return { nodes: await read<FoundNode>(nodes), relationships: await read<FoundRelationship>(relationships) };
}

export function seedOf({ nodes, relationships }: FoundGraph): SeedGraph {
  const places = new Map(nodes.map(({ id }, index) => [id, index]));
  const placeOf = (id: string) => {
    const place = places.get(id);
    if (place === undefined) throw new Error('the graph was changed while it was read');
    return place;
  };
  return {
    nodes: nodes.map(({ labels, properties }) => ({ labels, properties, digest: nodeDigest({ labels, properties }) })),
    relationships: relationships.map(({ type, from, to, properties }) => ({
      type,
      from: placeOf(from),
      to: placeOf(to),
      properties,
      digest: digestOf(valueText(properties)),
    })),
  };
}

/** Elements to change so that a graph is its seed again: those of a server by its ids, those of the seed by their places. */
export interface GraphDifference {
  readonly addedNodes: readonly string[];
  readonly changedNodes: readonly (readonly [id: string, place: number])[];
  readonly removedNodes: readonly number[];
  readonly addedRelationships: readonly string[];
  readonly changedRelationships: readonly (readonly [id: string, place: number])[];
  readonly removedRelationships: readonly number[];
}

export function graphDifference(seed: SeedGraph, placed: Placed, found: FoundGraph): GraphDifference {
  const nodeAt = (id: string) => placed.nodes.get(id);
  const nodes = compare(seed.nodes, placed.nodes, found.nodes, (node, wanted) => {
    return nodeDigest(node) === wanted.digest ? 'same' : 'changed';
  });
  const relationships = compare(seed.relationships, placed.relationships, found.relationships, (each, wanted) => {
    // The server gives ids again: one of another type, or between others, is another one.
    const isIt = each.type === wanted.type && nodeAt(each.from) === wanted.from && nodeAt(each.to) === wanted.to;
    if (!isIt) return 'other';
    return digestOf(valueText(each.properties)) === wanted.digest ? 'same' : 'changed';
  });
  return {
    addedNodes: nodes.added,
    changedNodes: nodes.changed,
    removedNodes: nodes.removed,
    addedRelationships: relationships.added,
    changedRelationships: relationships.changed,
    removedRelationships: relationships.removed,
  };
}

function compare<Found extends { readonly id: string }, Wanted>(
  wanted: readonly Wanted[],
  placed: ReadonlyMap<string, number>,
  found: readonly Found[],
  judge: (found: Found, wanted: Wanted) => 'same' | 'changed' | 'other',
): { added: string[]; changed: (readonly [string, number])[]; removed: number[] } {
  const missing = new Set(wanted.keys());
  const added: string[] = [];
  const changed: (readonly [string, number])[] = [];
  for (const each of found) {
    const place = placed.get(each.id);
    const seed = place === undefined ? undefined : wanted[place];
    const verdict = seed === undefined ? 'other' : judge(each, seed);
    if (place === undefined || verdict === 'other') {
      added.push(each.id);
      continue;
    }
    missing.delete(place);
    if (verdict === 'changed') changed.push([each.id, place]);
  }
  return { added, changed, removed: [...missing] };
}

export function isEmpty(difference: GraphDifference): boolean {
  return Object.values(difference).every((elements) => elements.length === 0);
}

function nodeDigest({ labels, properties }: Pick<FoundNode, 'labels' | 'properties'>): string {
  return digestOf(`${JSON.stringify([...labels].toSorted())} ${valueText(properties)}`);
}

function digestOf(text: string): string {
  return hash('sha1', text, 'binary');
}

export function cypher(name: string): Promise<string> {
  return cypherFile('isolation', 'queries', `${name}.cypher`);
}
