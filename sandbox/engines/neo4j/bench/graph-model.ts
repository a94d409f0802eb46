import type { Dataset } from '../../../../seeds/dataset.ts';
import type { Concept, ConceptRelation, Entities, EntityName, Knowledge, User } from '../../../../seeds/entities.ts';

/** The dataset's graph in memory: what the queries' answers are held against. */
export interface GraphModel {
  readonly users: ReadonlyMap<string, User>;
  readonly concepts: ReadonlyMap<string, Concept>;
  readonly knowledge: ReadonlyMap<string, Knowledge>;
  readonly relations: readonly ConceptRelation[];
  /** User id to ids of knowledge. */
  readonly learned: ReadonlyMap<string, readonly string[]>;
  /** User id to names of concepts. */
  readonly interests: ReadonlyMap<string, readonly string[]>;
}

export async function readGraphModel(dataset: Dataset): Promise<GraphModel> {
  const [users, concepts, knowledge, relations, learned, interests] = await Promise.all([
    all(dataset, 'users'),
    all(dataset, 'concepts'),
    all(dataset, 'knowledge'),
    all(dataset, 'conceptRelations'),
    all(dataset, 'learned'),
    all(dataset, 'interests'),
  ]);
  return {
    users: new Map(users.map((user) => [user.id, user])),
    concepts: new Map(concepts.map((concept) => [concept.name, concept])),
    knowledge: new Map(knowledge.map((item) => [item.id, item])),
    relations,
    learned: grouped(learned.map(({ userId, knowledgeId }) => [userId, knowledgeId])),
    interests: grouped(interests.map(({ userId, concept }) => [userId, concept])),
  };
}

async function all<Name extends EntityName>(dataset: Dataset, name: Name): Promise<Entities[Name][]> {
  const rows: Entities[Name][] = [];
  for await (const batch of dataset.batches(name)) rows.push(...batch);
  return rows;
}

function grouped(pairs: readonly (readonly [string, string])[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [key, value] of pairs) {
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}

/** Answer of `knowledge-of-user.cypher`: how much a user knows of each concept, most first, at most 20. */
export function knowledgeOfUser(model: GraphModel, userId: string): readonly { name: string; count: number }[] {
  const level = model.users.get(userId)?.levels.silicon ?? -1;
  const counts = new Map<string, number>();
  for (const id of model.learned.get(userId) ?? []) {
    const item = model.knowledge.get(id);
    if (item === undefined || item.siliconLevel > level) continue;
    for (const { concept } of item.about) counts.set(concept, (counts.get(concept) ?? 0) + 1);
  }
  return ranked(counts).slice(0, 20);
}

/** Answer of `related-concepts.cypher`: how many of a user's interests are within two steps, most first, at most 10. */
export function relatedConcepts(model: GraphModel, userId: string): readonly { name: string; count: number }[] {
  const level = model.users.get(userId)?.levels.silicon ?? -1;
  const interests = model.interests.get(userId) ?? [];
  const neighbours = neighboursOf(model);
  const counts = new Map<string, number>();
  for (const interest of interests) {
    const near = new Set<string>();
    for (const first of neighbours.get(interest) ?? []) {
      near.add(first);
      for (const second of neighbours.get(first) ?? []) near.add(second);
    }
    for (const name of near) {
      const concept = model.concepts.get(name);
      if (concept === undefined || concept.siliconLevel > level || interests.includes(name)) continue;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return ranked(counts).slice(0, 10);
}

/** Answer of `knowledge-network.cypher`: relations of each concept of a level, most first. */
export function knowledgeNetwork(model: GraphModel, level: number): readonly { name: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const [name, neighbours] of neighboursOf(model)) {
    if (model.concepts.get(name)?.siliconLevel === level) counts.set(name, neighbours.length);
  }
  return ranked(counts);
}

function neighboursOf(model: GraphModel): ReadonlyMap<string, readonly string[]> {
  const edges = model.relations.filter(({ kind }) => kind === 'RELATES_TO');
  return grouped(edges.flatMap(({ from, to }) => [[from, to] as const, [to, from] as const]));
}

/** By count, then by name in the order of code points, as the server sorts. */
function ranked(counts: ReadonlyMap<string, number>): readonly { name: string; count: number }[] {
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .toSorted(
      (left, right) => right.count - left.count || Buffer.compare(Buffer.from(left.name), Buffer.from(right.name)),
    );
}
