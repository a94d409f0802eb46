import type { ConceptRelation, Levels } from '../entities.ts';
import { cellCount, cellOfLevels, levelCount, levelsOfCell } from '../random/cells.ts';
import { coreConceptCount, type SizeParameters } from '../sizes.ts';
import type { RowMaker, World } from '../world.ts';
import { conceptName, conceptOfCell, drawConceptsOf } from './concepts.ts';

type Kind = ConceptRelation['kind'];

interface Edge {
  readonly kind: Kind;
  readonly from: number;
  readonly to: number;
}

const relationTypes = ['conceptual', 'developmental', 'practical', 'cultural'] as const;

/** The specification's two relations, word for word; they come first. */
const coreRelations: readonly ConceptRelation[] = [
  { kind: 'RELATES_TO', from: '硅基生命', to: '意识层级', strength: 0.8, type: 'conceptual' },
  { kind: 'INFLUENCES', from: '意识层级', to: '思维模式', strength: 0.9, type: 'developmental' },
];

/** Kinds of the edges of a further concept that are not `RELATES_TO`. */
const otherKinds = ['INFLUENCES', 'PREREQUISITE'] as const;

/** Relations by index, and how many there are. */
export function createConceptRelations(world: World): { count: number; make: RowMaker<ConceptRelation> } {
  const { concepts, relationsPerConcept }: SizeParameters = world.parameters;
  const first = [...firstEdges(world)];
  const perConcept = relationsPerConcept + otherKinds.length;
  const furtherOf = furtherEdges(world);
  const randomOf = world.random('concept-relations');

  const edgeAt = (position: number): Edge => {
    const edge = first[position];
    if (edge !== undefined) return edge;
    const further = position - first.length;
    const concept = coreConceptCount + cellCount + Math.floor(further / perConcept);
    return furtherOf(concept)[further % perConcept] as Edge;
  };
  const make = (index: number): ConceptRelation => {
    const core = coreRelations[index];
    if (core !== undefined) return core;
    const edge = edgeAt(index - coreRelations.length);
    const { kind } = edge;
    const [from, to] = [conceptName(edge.from), conceptName(edge.to)];
    if (kind === 'PREREQUISITE') return { kind, from, to };
    const random = randomOf(index);
    return { kind, from, to, strength: (1 + random.int(100)) / 100, type: random.pick(relationTypes) };
  };
  const further = Math.max(0, concepts - coreConceptCount - cellCount);
  return { count: coreRelations.length + first.length + further * perConcept, make };
}

/** Edges of the core concepts and those of the cells, but the core's two. No two of a kind join the same concepts. */
function* firstEdges(world: World): Generator<Edge> {
  for (let core = 0; core < coreConceptCount; core += 1) yield* coreEdges(core);
  const influenceOf = world.random('influences');
  for (let cell = 0; cell < cellCount; cell += 1) {
    for (const next of cellsAbove(cell)) {
      yield { kind: 'RELATES_TO', from: conceptOfCell(cell), to: conceptOfCell(next) };
      // Upwards along one axis only: such edges cannot meet their own start again.
      yield { kind: 'PREREQUISITE', from: conceptOfCell(cell), to: conceptOfCell(next) };
    }
    const other = (cell + 1 + influenceOf(cell).int(cellCount - 1)) % cellCount;
    yield { kind: 'INFLUENCES', from: conceptOfCell(cell), to: conceptOfCell(other) };
  }
}

/** A core concept relates to the six cells on its own axis, and is a prerequisite of the next core concept. */
function* coreEdges(core: number): Generator<Edge> {
  for (let level = 0; level < levelCount; level += 1) {
    const levels = { silicon: 0, consciousness: 0, thinking: 0, [axes[core] as Axis]: level };
    yield { kind: 'RELATES_TO', from: core, to: conceptOfCell(cellOfLevels(levels)) };
  }
  if (core + 1 < coreConceptCount) yield { kind: 'PREREQUISITE', from: core, to: core + 1 };
}

/**
 * Edges of a further concept: to earlier ones alone, so that no two relate to each other twice, and to those in demand most
 * often; its prerequisite is the one before it in its cell.
 * Those of the last concept are remembered: its rows come one after the other.
 */
function furtherEdges(world: World): (concept: number) => readonly Edge[] {
  const { relationsPerConcept } = world.parameters;
  const draw = drawConceptsOf(world);
  const randomOf = world.random('further-relations');
  let last: { readonly concept: number; readonly edges: readonly Edge[] } | undefined;
  return (concept) => {
    if (last?.concept === concept) return last.edges;
    const [influenced, ...related] = draw(relationsPerConcept + 1, (other) => other < concept, randomOf(concept));
    const edges: readonly Edge[] = [
      ...related.map((to) => ({ kind: 'RELATES_TO', from: concept, to }) as const),
      { kind: 'INFLUENCES', from: concept, to: influenced as number },
      { kind: 'PREREQUISITE', from: concept - cellCount, to: concept },
    ];
    last = { concept, edges };
    return edges;
  };
}

type Axis = keyof Levels;
const axes: readonly Axis[] = ['silicon', 'consciousness', 'thinking'];

/** The cells that are one level higher on one axis. */
function cellsAbove(cell: number): readonly number[] {
  const levels = levelsOfCell(cell);
  return axes
    .filter((axis) => levels[axis] + 1 < levelCount)
    .map((axis) => cellOfLevels({ ...levels, [axis]: levels[axis] + 1 }));
}
