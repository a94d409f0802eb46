import type { UserVector } from '../../../../../seeds/entities.ts';
import { exactNeighbours } from '../../../shared/bench/vector-answers.ts';
import { userQuestions, type VectorQuestion } from '../../../shared/bench/vector-questions.ts';
import { scoreThreshold } from '../../schema/search.ts';
import { vectorPath } from './vector-path.ts';

const limit = 10;

export const similarUsers = vectorPath({
  name: 'similar users',
  description: 'The ten other users most like a user, above 0.7.',
  objective: { p99Ms: 50 },
  collection: 'user_vectors',
  dimension: 512,
  filtered: ['user_id'],
  ranked: userQuestions,
  questionOf: ({ payload, vector }) => ({
    id: String(payload?.user_id),
    vector,
    category: '',
    siliconLevel: Number(payload?.silicon_level),
  }),
  search: ({ id, vector }) => ({
    query: [...vector],
    limit,
    score_threshold: scoreThreshold,
    with_payload: ['user_id'],
    filter: { must_not: [{ key: 'user_id', match: { value: id } }] },
  }),
  idOf: ({ payload }) => String(payload?.user_id),
  known: (dataset, questions) => {
    const asked = questions.map(({ id, vector }: VectorQuestion) => ({
      vector,
      matches: ({ userId }: UserVector) => userId !== id,
    }));
    const idOf = ({ userId }: UserVector) => userId;
    return exactNeighbours(dataset, 'userVectors', asked, { limit, threshold: scoreThreshold, idOf });
  },
});
