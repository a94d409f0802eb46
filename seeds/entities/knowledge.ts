import type { Interest, Knowledge, Levels } from '../entities.ts';
import { cellCount, cellOfLevels, levelsOfCell } from '../random/cells.ts';
import type { Random } from '../random/random.ts';
import { momentBetween } from '../random/rhythm.ts';
import { awkwardTexts, knowledgeCategories, textOfLength, topics } from '../random/texts.ts';
import { dayMs, referenceTime } from '../random/times.ts';
import { perActiveUser } from '../sizes.ts';
import type { RowMaker, World } from '../world.ts';
import { conceptName, conceptOfCell, drawConceptsOf } from './concepts.ts';
import { paragraph } from './contents.ts';
import { cellOfUser } from './users.ts';

export type KnowledgeCategory = (typeof knowledgeCategories)[number];

/** What the specification says of its first two items. */
const specified: Readonly<Record<number, Partial<Knowledge>>> = {
  0: {
    title: 'S×C×T三轴理论基础',
    content: '硅基生命、意识层级、思维模式的三维映射理论',
    about: [{ concept: '硅基生命', relevance: 1 }],
  },
  1: { title: '意识层级发展', content: '从基础意识到超个体意识的发展路径' },
};

const oddKnowledge: Readonly<Record<number, Partial<Knowledge>>> = {
  2: { title: '', content: '' },
  3: { title: textOfLength('道可道非常道', 200), content: textOfLength('S×C×T ', 16_384) },
  4: { title: awkwardTexts.emoji, content: awkwardTexts.mixedDirections },
  5: { title: awkwardTexts.quotes, content: awkwardTexts.whitespace },
};

/** Coprime to 216, so that rounds of 216 items meet each cell once. */
const cellStride = 37;

/** Cell of the first item: level 3 on the silicon axis, as the specification has `k001`; `k002` then has level 4. */
const firstCell = 3 * 36;

export function knowledgeId(index: number): string {
  return `k${String(index + 1).padStart(3, '0')}`;
}

export function cellOfKnowledge(index: number): number {
  return (index * cellStride + firstCell) % cellCount;
}

/** Each cell has two categories, in turns. */
export function categoryOfKnowledge(index: number): KnowledgeCategory {
  const levels = levelsOfCell(cellOfKnowledge(index));
  const turn = Math.floor(index / cellCount) % 2;
  return knowledgeCategories[(levels.silicon + levels.consciousness + 3 + 3 * turn) % 6] as KnowledgeCategory;
}

/** The two categories that a cell has knowledge of. */
export function categoriesOfCell(levels: Levels): readonly [KnowledgeCategory, KnowledgeCategory] {
  const first = levels.silicon + levels.consciousness;
  return [
    knowledgeCategories[(first + 3) % 6] as KnowledgeCategory,
    knowledgeCategories[first % 6] as KnowledgeCategory,
  ];
}

/** Business ids of a cluster: the known answer to a search for its query vector with a threshold of 0.7. */
export function knowledgeIdsOf(total: number, levels: Levels, category: KnowledgeCategory): readonly string[] {
  const cell = cellOfLevels(levels);
  const ids: string[] = [];
  for (let index = 0; index < total; index += 1) {
    if (cellOfKnowledge(index) === cell && categoryOfKnowledge(index) === category) ids.push(knowledgeId(index));
  }
  return ids;
}

export function knowledgeMaker(world: World): RowMaker<Knowledge> {
  const drawHead = headDrawer(world);
  const randomOf = world.random('knowledge');
  return (index) => {
    const random = randomOf(index);
    const { id, title, siliconLevel, concepts } = drawHead(index, random);
    const nowMs = referenceTime.getTime();
    const createdMs = momentBetween(nowMs - 600 * dayMs, nowMs, random, 'rising');
    const knowledge: Knowledge = {
      id,
      title,
      content: paragraph(world, random),
      siliconLevel,
      category: categoryOfKnowledge(index),
      about: concepts.map((concept, place) => ({
        concept,
        relevance: place === 0 ? 1 : (1 + random.int(99)) / 100,
      })),
      createdAt: new Date(createdMs),
      updatedAt: new Date(momentBetween(createdMs, nowMs, random)),
    };
    return { ...knowledge, ...specified[index], ...oddKnowledge[index] };
  };
}

/** What an item is called and what it is about. */
export interface KnowledgeHead {
  readonly id: string;
  readonly title: string;
  readonly siliconLevel: number;
  /** Names of concepts. */
  readonly concepts: readonly string[];
}

/** The same items as {@link knowledgeMaker} makes, in a fraction of its time: what is drawn last of one is not drawn. */
export function knowledgeHeadMaker(world: World): RowMaker<KnowledgeHead> {
  const drawHead = headDrawer(world);
  const randomOf = world.random('knowledge');
  return (index) => {
    const head = drawHead(index, randomOf(index));
    const { title, about }: Partial<Knowledge> = { ...specified[index], ...oddKnowledge[index] };
    return {
      ...head,
      title: title ?? head.title,
      concepts: about?.map(({ concept }) => concept) ?? head.concepts,
    };
  };
}

/** Draws what comes first of an item. */
function headDrawer(world: World): (index: number, random: Random) => KnowledgeHead {
  const draw = drawConceptsOf(world);
  return (index, random) => {
    const levels = levelsOfCell(cellOfKnowledge(index));
    const own = conceptOfCell(cellOfKnowledge(index));
    const others = draw(index % 3, (concept) => concept !== own, random);
    return {
      id: knowledgeId(index),
      title: `${random.pick(topics)}（S${levels.silicon}·C${levels.consciousness}·T${levels.thinking}）`,
      siliconLevel: levels.silicon,
      concepts: [own, ...others].map(conceptName),
    };
  };
}

/** Names of the concepts that the n-th active user is interested in: the one of its own cell, and two others. */
export function interestsOf(world: World): (active: number) => readonly string[] {
  const draw = drawConceptsOf(world);
  const randomOf = world.random('interests-of');
  return (active) => {
    const own = conceptOfCell(cellOfUser(world.activeUser(active)));
    const others = draw(perActiveUser.interests - 1, (concept) => concept !== own, randomOf(active));
    return [own, ...others].map(conceptName);
  };
}

export function interestMaker(world: World): RowMaker<Interest> {
  const namesOf = interestsOf(world);
  const randomOf = world.random('interests');
  return (index) => {
    const active = Math.floor(index / perActiveUser.interests);
    return {
      userId: world.userId(world.activeUser(active)),
      concept: namesOf(active)[index % perActiveUser.interests] as string,
      since: new Date(momentBetween(referenceTime.getTime() - 60 * dayMs, referenceTime.getTime(), randomOf(index))),
    };
  };
}
