import neo4j, { type Driver, type EagerResult, type Integer } from 'neo4j-driver';
import {
  cypher,
  type GraphDifference,
  graphDifference,
  isEmpty,
  type Placed,
  readGraph,
  type SeedGraph,
} from './graph.ts';

/** Elements that are changed in one transaction. */
const elementsAtOnce = 1_000;

/** Fills an empty graph with a seed. Returns which of its elements is which. */
export async function fillGraph(driver: Driver, seed: SeedGraph): Promise<Placed> {
  const placed: Placed = { nodes: new Map(), relationships: new Map() };
  await createNodes(driver, seed, placed, [...seed.nodes.keys()]);
  await createRelationships(driver, seed, placed, [...seed.relationships.keys()]);
  return placed;
}

/** Puts right what differs, or all of it where that is less work. */
export async function mendGraph(driver: Driver, seed: SeedGraph, placed: Placed): Promise<void> {
  const difference = graphDifference(seed, placed, await readGraph(driver));
  if (isEmpty(difference)) return;
  const count = Object.values(difference).reduce((sum, elements) => sum + elements.length, 0);
  if (count <= Math.max(elementsAtOnce, seed.nodes.length + seed.relationships.length)) {
    return mendElements(driver, seed, placed, difference);
  }
  await emptyGraph(driver);
  const { nodes, relationships } = await fillGraph(driver, seed);
  replace(placed.nodes, nodes);
  replace(placed.relationships, relationships);
}

function replace(map: Map<string, number>, by: ReadonlyMap<string, number>): void {
  map.clear();
  for (const [id, place] of by) map.set(id, place);
}

/** Deletes in transactions of their own: all at once may be more than a transaction may hold. */
async function emptyGraph(driver: Driver): Promise<void> {
  const session = driver.session();
  try {
    await session.run(await cypher('delete-all-relationships'));
    await session.run(await cypher('delete-all-nodes'));
  } finally {
    await session.close();
  }
}

/** What is too much goes first: it may have a unique key that is to come back, or an id that is given again. */
async function mendElements(
  driver: Driver,
  seed: SeedGraph,
  placed: Placed,
  difference: GraphDifference,
): Promise<void> {
  const { addedNodes, changedNodes, removedNodes } = difference;
  const { addedRelationships, changedRelationships, removedRelationships } = difference;
  forget(placed.nodes, removedNodes);
  forget(placed.relationships, removedRelationships);
  await inPages(addedRelationships, (ids) => run(driver, 'delete-relationships', { ids }));
  await inPages(addedNodes, (ids) => run(driver, 'delete-nodes', { ids }));
  await inPages(changedNodes, (pairs) => run(driver, 'clear-nodes', { ids: pairs.map(([id]) => id) }));
  await inPages(changedNodes, (pairs) => {
    const rows = pairs.map(([id, place]) => ({ id, ...contentOf(seed.nodes, place) }));
    return run(driver, 'set-nodes', { rows });
  });
  await createNodes(driver, seed, placed, removedNodes);
  await inPages(changedRelationships, (pairs) => {
    const rows = pairs.map(([id, place]) => ({ id, properties: contentOf(seed.relationships, place).properties }));
    return run(driver, 'set-relationships', { rows });
  });
  await createRelationships(driver, seed, placed, removedRelationships);
}

function forget(placed: Map<string, number>, places: readonly number[]): void {
  const gone = new Set(places);
  for (const [id, place] of placed) if (gone.has(place)) placed.delete(id);
}

/** An element of a seed, without what is known of it here alone. */
function contentOf<Element extends { readonly digest: string }>(
  elements: readonly Element[],
  place: number,
): Omit<Element, 'digest'> {
  const element = elements[place];
  if (element === undefined) throw new Error(`the seed has no element ${place}`);
  const { digest: _, ...content } = element;
  return content;
}

async function createNodes(driver: Driver, seed: SeedGraph, placed: Placed, places: readonly number[]): Promise<void> {
  await inPages(places, async (page) => {
    const rows = page.map((place) => ({ index: neo4j.int(place), ...contentOf(seed.nodes, place) }));
    remember(placed.nodes, await run(driver, 'create-nodes', { rows }));
  });
}

async function createRelationships(
  driver: Driver,
  seed: SeedGraph,
  placed: Placed,
  places: readonly number[],
): Promise<void> {
  const ids = new Map([...placed.nodes].map(([id, place]) => [place, id]));
  await inPages(places, async (page) => {
    const rows = page.map((place) => {
      const { from, to, ...content } = contentOf(seed.relationships, place);
      return { index: neo4j.int(place), from: ids.get(from), to: ids.get(to), ...content };
    });
    remember(placed.relationships, await run(driver, 'create-relationships', { rows }));
  });
}

type Created = EagerResult<{ index: Integer; id: string }>;

function remember(placed: Map<string, number>, { records }: Created): void {
  for (const record of records) placed.set(record.get('id'), record.get('index').toNumber());
}

async function run(driver: Driver, name: string, parameters: object): Promise<Created> {
  return driver.executeQuery<Created>(await cypher(name), parameters);
}

async function inPages<Item>(items: readonly Item[], work: (page: readonly Item[]) => Promise<unknown>): Promise<void> {
  for (let first = 0; first < items.length; first += elementsAtOnce) {
    await work(items.slice(first, first + elementsAtOnce));
  }
}
