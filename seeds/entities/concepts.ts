import type { Concept } from '../entities.ts';
import { cellCount, levelsOfCell } from '../random/cells.ts';
import { exponents } from '../random/distributions.ts';
import { spreadRank } from '../random/permutation.ts';
import type { Random } from '../random/random.ts';
import { awkwardTexts, chineseSentences, consciousnessNames, siliconNames, thinkingNames } from '../random/texts.ts';
import { beforeReference, dayMs } from '../random/times.ts';
import { coreConceptCount } from '../sizes.ts';
import type { RowMaker, World } from '../world.ts';

/** The specification's three core concepts, word for word. */
const coreConcepts: readonly Omit<Concept, 'createdAt'>[] = [
  { name: '硅基生命', category: 'core', description: 'S×C×T三轴理论中的硅基层级概念', siliconLevel: 3 },
  { name: '意识层级', category: 'core', description: '意识发展的不同阶段', siliconLevel: 4 },
  { name: '思维模式', category: 'core', description: '思维发展的不同模式', siliconLevel: 4 },
];

const categories = ['theory', 'development', 'practice', 'culture'] as const;

const oddDescriptions: Readonly<Record<number, string>> = {
  3: awkwardTexts.empty,
  4: awkwardTexts.mixedDirections,
  5: awkwardTexts.emoji,
  6: awkwardTexts.quotes,
};

/** Made once: each item of knowledge is about some. */
const cellNames = Array.from({ length: cellCount }, (_, cell) => {
  const { silicon, consciousness, thinking } = levelsOfCell(cell);
  return [siliconNames[silicon], consciousnessNames[consciousness], thinkingNames[thinking]].join('·');
});

/** The n-th concept: three core ones, one for each cell, then further ones, cell by cell. */
export function conceptName(index: number): string {
  const core = coreConcepts[index];
  if (core !== undefined) return core.name;
  const name = cellNames[cellOfConcept(index)] as string;
  const round = Math.floor((index - coreConceptCount) / cellCount);
  return round === 0 ? name : `${name} ${round + 1}`;
}

/** Cell of a concept that is not a core one. */
function cellOfConcept(index: number): number {
  return (index - coreConceptCount) % cellCount;
}

/** Index of the concept that stands for a cell. */
export function conceptOfCell(cell: number): number {
  return coreConceptCount + cell;
}

export function conceptMaker(world: World): RowMaker<Concept> {
  const randomOf = world.random('concepts');
  return (index) => {
    const random = randomOf(index);
    const createdAt = beforeReference(730 * dayMs + random.float() * 100 * dayMs);
    const core = coreConcepts[index];
    if (core !== undefined) return { ...core, createdAt };
    return {
      name: conceptName(index),
      category: random.pick(categories),
      description: oddDescriptions[index] ?? random.pick(chineseSentences),
      siliconLevel: levelsOfCell(cellOfConcept(index)).silicon,
      createdAt,
    };
  };
}

/**
 * Draws different concepts that are allowed, by index. Few are in great demand: the core ones first, then others from all
 * over the cells.
 */
export function drawConceptsOf(
  world: World,
): (wanted: number, isAllowed: Allowed, random: Random) => readonly number[] {
  const total = world.parameters.concepts;
  const ranks = world.zipf(total, exponents.conceptDegree);
  return (wanted, isAllowed, random) => {
    const found = new Set<number>();
    while (found.size < wanted) {
      const concept = conceptOfRank(ranks.sample(random), total);
      if (isAllowed(concept)) found.add(concept);
    }
    return [...found];
  };
}

/** Says whether the concept with this index may be drawn. */
type Allowed = (concept: number) => boolean;

/** The concept of this rank by demand. */
function conceptOfRank(rank: number, total: number): number {
  if (rank < coreConceptCount) return rank;
  return coreConceptCount + spreadRank(rank - coreConceptCount, total - coreConceptCount);
}
