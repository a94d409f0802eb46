import { knowledgeByPopularity, perDataset, rowsOf, usersByActivity } from '../../contract/bench/path-parameters.ts';

/** A piece of knowledge or a user that is asked for by its own vector: what is like it? */
export interface VectorQuestion {
  /** Business id. */
  readonly id: string;
  readonly vector: readonly number[];
  /** Of knowledge; empty of a user. */
  readonly category: string;
  readonly siliconLevel: number;
}

/** Questions that are drawn at most: a vector is hundreds of numbers. */
export const questionsMax = 250;

/** Popular knowledge first, then what is not. */
export const knowledgeQuestions = perDataset(async (dataset): Promise<readonly VectorQuestion[]> => {
  const rankOf = ranksOf(await knowledgeByPopularity(dataset));
  const questions: VectorQuestion[] = [];
  for await (const { knowledgeId: id, vector, category, siliconLevel } of rowsOf(dataset, 'knowledgeVectors')) {
    const rank = rankOf(id);
    if (rank !== undefined) questions[rank] = { id, vector: [...vector], category, siliconLevel };
  }
  return questions;
});

/** The busiest users first, then those who do nothing. */
export const userQuestions = perDataset(async (dataset): Promise<readonly VectorQuestion[]> => {
  const rankOf = ranksOf(await usersByActivity(dataset));
  const questions: VectorQuestion[] = [];
  for await (const { userId: id, vector, siliconLevel } of rowsOf(dataset, 'userVectors')) {
    const rank = rankOf(id);
    if (rank !== undefined) questions[rank] = { id, vector: [...vector], category: '', siliconLevel };
  }
  return questions;
});

/** Ranks of the first and of the last; those in the middle are not asked for. */
function ranksOf(ids: readonly string[]): (id: string) => number | undefined {
  const half = questionsMax / 2;
  const asked = ids.length <= questionsMax ? ids : [...ids.slice(0, half), ...ids.slice(-half)];
  const ranks = new Map(asked.map((id, rank) => [id, rank]));
  return (id) => ranks.get(id);
}

/** Unit vectors that nothing is like: the directions of single axes. */
export function questionsLikeNothing(dimension: number): readonly VectorQuestion[] {
  return [0, Math.floor(dimension / 2), dimension - 1].map((axis) => ({
    id: '',
    vector: Array.from({ length: dimension }, (_, index) => (index === axis ? 1 : 0)),
    category: 'no such category',
    siliconLevel: 6,
  }));
}
