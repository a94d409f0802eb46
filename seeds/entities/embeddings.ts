import type { KnowledgeVector, Levels, UserVector } from '../entities.ts';
import { levelsOfCell } from '../random/cells.ts';
import { createEmbeddingModel, type EmbeddingModel } from '../random/embedding-model.ts';
import { rowRandom } from '../random/random.ts';
import { knowledgeCategories } from '../random/texts.ts';
import { quietUserPeriod } from '../sizes.ts';
import { isQuietUser, type RowMaker, type World } from '../world.ts';
import {
  categoryOfKnowledge,
  cellOfKnowledge,
  interestsOf,
  type KnowledgeCategory,
  knowledgeMaker,
} from './knowledge.ts';
import { cellOfUser } from './users.ts';

/** Dimensions of the specification's two collections. */
const knowledgeDimension = 768;
const userDimension = 512;

const learningStyles = ['visual', 'auditory', 'reading', 'kinesthetic'] as const;

const knowledgeModel = once(() => createEmbeddingModel('knowledge', knowledgeDimension, knowledgeCategories.length));
const userModel = once(() => createEmbeddingModel('user', userDimension, learningStyles.length));

/** Query for a cluster of knowledge, [768]: its members have a cosine of 0.92 with it, all others less than 0.7. */
export function knowledgeQueryVector(levels: Levels, category: KnowledgeCategory): Float32Array {
  return knowledgeModel().centre(levels, knowledgeCategories.indexOf(category));
}

/** Query for the users of a cell, [512]: their vectors have a cosine of 0.92 with it, all others less than 0.7. */
export function userQueryVector(levels: Levels): Float32Array {
  return userModel().centre(levels, styleIndexOf(levels));
}

export function knowledgeVectorMaker(world: World): RowMaker<KnowledgeVector> {
  const makeKnowledge = knowledgeMaker(world);
  const noiseOf = world.random('knowledge-vectors');
  return (index) => {
    const item = makeKnowledge(index);
    const category = knowledgeCategories.indexOf(categoryOfKnowledge(index));
    return {
      knowledgeId: item.id,
      title: item.title,
      content: item.content,
      siliconLevel: item.siliconLevel,
      category: item.category,
      vector: knowledgeModel().member(levelsOfCell(cellOfKnowledge(index)), category, noiseOf(index)),
    };
  };
}

export function userVectorMaker(world: World): RowMaker<UserVector> {
  const namesOf = interestsOf(world);
  const noiseOf = world.random('user-vectors');
  return (index) => {
    const levels = levelsOfCell(cellOfUser(index));
    const style = styleIndexOf(levels);
    const active = index - Math.floor(index / quietUserPeriod);
    return {
      userId: world.userId(index),
      siliconLevel: levels.silicon,
      interests: isQuietUser(index) ? [] : namesOf(active),
      learningStyle: learningStyleOf(levels),
      vector: userModel().member(levels, style, noiseOf(index)),
    };
  };
}

/** How the users of a cell learn. */
export function learningStyleOf(levels: Levels): UserVector['learningStyle'] {
  return learningStyles[styleIndexOf(levels)] as UserVector['learningStyle'];
}

/** Noise of vectors for rows that are not the dataset's own: like the model, the same for each seed. */
const givenNoise = rowRandom(0, 'given-vectors');

/** A vector for a user that is not the dataset's own, [512]: a member of its cell's cluster. */
export function userMember(levels: Levels, index: number): Float32Array {
  return userModel().member(levels, styleIndexOf(levels), givenNoise(index));
}

/** The same for knowledge, [768]. Of its levels only one is known; a category that the model lacks is taken for the first. */
export function knowledgeMember(siliconLevel: number, category: string, index: number): Float32Array {
  const known = Math.max(0, (knowledgeCategories as readonly string[]).indexOf(category));
  return knowledgeModel().member({ silicon: siliconLevel, consciousness: 0, thinking: 0 }, known, givenNoise(index));
}

/** The users of a cell learn alike, so a cell is a cluster. */
function styleIndexOf(levels: Levels): number {
  return (levels.silicon + levels.consciousness + levels.thinking) % learningStyles.length;
}

function once(make: () => EmbeddingModel): () => EmbeddingModel {
  let model: EmbeddingModel | undefined;
  return () => {
    model ??= make();
    return model;
  };
}
