import { cellCount, cellOfLevels, levelCount, levelsOfCell } from './cells.ts';
import { conceptName, conceptOfCell } from './concepts.ts';
import type { ConceptRelation, Levels } from './entities.ts';
import { coreConceptCount, type SizeParameters } from './sizes.ts';
import type { RowMaker, World } from './world.ts';

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

/** Relations by index, and how many there are. Edges are kept as three numbers each: 1.5 MB for `large`. */
export function createConceptRelations(world: World): { count: number; make: RowMaker<ConceptRelation> } {
  const kinds: readonly Kind[] = ['RELATES_TO', 'INFLUENCES', 'PREREQUISITE'];
  const numbers: number[] = [];
  for (const edge of edges(world)) numbers.push(kinds.indexOf(edge.kind), edge.from, edge.to);
  const packed = Int32Array.from(numbers);
  const randomOf = world.random('concept-relations');

  const make = (index: number): ConceptRelation => {
    const core = coreRelations[index];
    if (core !== undefined) return core;
    const at = (index - coreRelations.length) * 3;
    const kind = kinds[packed[at] as number] as Kind;
    const from = conceptName(packed[at + 1] as number);
    const to = conceptName(packed[at + 2] as number);
    if (kind === 'PREREQUISITE') return { kind, from, to };
    const random = randomOf(index);
    return { kind, from, to, strength: (1 + random.int(100)) / 100, type: random.pick(relationTypes) };
  };
  return { count: coreRelations.length + packed.length / 3, make };
}

/** Every edge but the core's two. No two of a kind join the same concepts in the same direction. */
function* edges(world: World): Generator<Edge> {
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
  yield* furtherEdges(world);
}

/** A core concept relates to the six cells on its own axis, and is a prerequisite of the next core concept. */
function* coreEdges(core: number): Generator<Edge> {
  for (let level = 0; level < levelCount; level += 1) {
    const levels = { silicon: 0, consciousness: 0, thinking: 0, [axes[core] as Axis]: level };
    yield { kind: 'RELATES_TO', from: core, to: conceptOfCell(cellOfLevels(levels)) };
  }
  if (core + 1 < coreConceptCount) yield { kind: 'PREREQUISITE', from: core, to: core + 1 };
}

/** A further concept points to earlier ones only, the oldest most often; its prerequisite is the one before it in its cell. */
function* furtherEdges(world: World): Generator<Edge> {
  const { concepts, relationsPerConcept }: SizeParameters = world.parameters;
  const randomOf = world.random('further-relations');
  for (let index = coreConceptCount + cellCount; index < concepts; index += 1) {
    const random = randomOf(index);
    const first = random.skewed(index - relationsPerConcept);
    for (let offset = 0; offset < relationsPerConcept; offset += 1) {
      yield { kind: 'RELATES_TO', from: index, to: first + offset };
    }
    yield { kind: 'INFLUENCES', from: index, to: random.skewed(index) };
    yield { kind: 'PREREQUISITE', from: index - cellCount, to: index };
  }
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
