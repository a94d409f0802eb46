import { countUp, ranked } from '../../../contract/bench/path-parameters.ts';
import type { GraphModel } from '../graph-model.ts';
import { cypherPath, type GraphRow } from './cypher-path.ts';

interface Way extends GraphRow {
  readonly startConcept: string;
  readonly endConcept: string;
  readonly userSiliconLevel: number;
}

/** Of the statement. */
const longestWay = 5;
const waysMax = 5;

/** Steps from a way's start to its end in what is asked for. */
const askedSteps = 3;

export const learningPath = cypherPath<Way>({
  name: 'learning path',
  description: 'The shortest ways from one concept to another, over what must be known before what.',
  plan: 'NodeUniqueIndexSeek on Concept(name)',
  objective: { p99Ms: 100 },
  file: 'learning-path',
  labels: ['Concept'],
  types: ['PREREQUISITE'],
  ranked: async (model) => {
    const next = nextOf(model);
    return conceptsByKnowledge(model).flatMap((startConcept) => {
      const endConcept = walk(next, startConcept);
      if (endConcept === startConcept) return [];
      const levels = [startConcept, endConcept].map((name) => model.concepts.get(name)?.siliconLevel ?? 0);
      return [{ startConcept, endConcept, userSiliconLevel: Math.max(...levels) }];
    });
  },
  sample:
    'MATCH (start:Concept)-[:PREREQUISITE]->(:Concept)-[:PREREQUISITE]->(end:Concept) ' +
    'RETURN start.name AS startConcept, end.name AS endConcept, 5 AS userSiliconLevel LIMIT 200',
  absent: ['没有这个概念', 'no such concept', 'nor this one'].map((startConcept) => ({
    startConcept,
    endConcept: startConcept,
    userSiliconLevel: 5,
  })),
  answer: (rows) => rows.map((row) => String(row.path_length)).join(', '),
  known: (model, way) => waysOf(model, way).join(', '),
});

/** Concepts by how much knowledge is about them. */
function conceptsByKnowledge(model: GraphModel): readonly string[] {
  const counts = new Map([...model.concepts.keys()].map((name) => [name, 0]));
  for (const { about } of model.knowledge.values()) for (const { concept } of about) countUp(counts, concept);
  return ranked(counts);
}

function nextOf(model: GraphModel): ReadonlyMap<string, readonly string[]> {
  const edges = model.relations.filter(({ kind }) => kind === 'PREREQUISITE');
  return new Map(
    [...Map.groupBy(edges, ({ from }) => from)].map(([from, group]) => [from, group.map(({ to }) => to)] as const),
  );
}

/** The last concept of some steps, each of them to the first that follows. */
function walk(next: ReadonlyMap<string, readonly string[]>, from: string): string {
  let at = from;
  for (let step = 0; step < askedSteps; step += 1) at = next.get(at)?.[0] ?? at;
  return at;
}

/** Lengths of the shortest ways: which ones of equal length come is the server's choice. */
function waysOf(model: GraphModel, { startConcept, endConcept, userSiliconLevel }: Way): readonly number[] {
  const next = nextOf(model);
  const isAllowed = (name: string) => (model.concepts.get(name)?.siliconLevel ?? Number.NaN) <= userSiliconLevel;
  const lengths: number[] = [];
  // Prerequisites have no cycle, so ways over them end.
  let ends = isAllowed(startConcept) ? [startConcept] : [];
  for (let length = 1; length <= longestWay; length += 1) {
    ends = ends.flatMap((name) => (next.get(name) ?? []).filter(isAllowed));
    lengths.push(...ends.filter((name) => name === endConcept).map(() => length));
  }
  return lengths.slice(0, waysMax);
}
