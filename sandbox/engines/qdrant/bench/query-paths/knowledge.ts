import type { Dataset } from '../../../../../seeds/dataset.ts';
import type { KnowledgeVector } from '../../../../../seeds/entities.ts';
import type { QueryPath } from '../../../contract/bench/query-path.ts';
import { exactNeighbours } from '../../../shared/bench/vector-answers.ts';
import { knowledgeQuestions, type VectorQuestion } from '../../../shared/bench/vector-questions.ts';
import { knowledgeSearch, scoreThreshold } from '../../schema/search.ts';
import { type VectorPath, vectorPath } from './vector-path.ts';

const limit = 10;

/** Questions of a batch. */
const batchSize = 8;

type Matches = (question: VectorQuestion, row: KnowledgeVector) => boolean;

function known(dataset: Dataset, questions: readonly VectorQuestion[], matches: Matches) {
  const asked = questions.map((question) => ({
    vector: question.vector,
    matches: (row: KnowledgeVector) => matches(question, row),
  }));
  const idOf = ({ knowledgeId }: KnowledgeVector) => knowledgeId;
  return exactNeighbours(dataset, 'knowledgeVectors', asked, { limit, threshold: scoreThreshold, idOf });
}

const shared = {
  collection: 'knowledge_vectors',
  dimension: 768,
  ranked: knowledgeQuestions,
  questionOf: ({ payload, vector }) => ({
    id: String(payload?.knowledge_id),
    vector,
    category: String(payload?.category),
    siliconLevel: Number(payload?.silicon_level),
  }),
  idOf: ({ payload }) => String(payload?.knowledge_id),
} satisfies Partial<VectorPath>;

const everything: Matches = () => true;

const similar = vectorPath({
  ...shared,
  name: 'similar knowledge',
  description: 'The ten pieces of knowledge most like a vector, above 0.7.',
  objective: { p99Ms: 50 },
  filtered: [],
  search: ({ vector }) => knowledgeSearch(vector, { limit }),
  known: (dataset, questions) => known(dataset, questions, everything),
});

const similarOfLevelAndCategory = vectorPath({
  ...shared,
  name: 'similar knowledge of a level and category',
  description: 'The same among the knowledge of a silicon level and a category.',
  objective: { p99Ms: 50 },
  filtered: ['category', 'silicon_level'],
  search: ({ vector, category, siliconLevel }) => ({
    ...knowledgeSearch(vector, { limit }),
    filter: {
      must: [
        { key: 'category', match: { value: category } },
        { key: 'silicon_level', match: { value: siliconLevel } },
      ],
    },
  }),
  known: (dataset, questions) =>
    known(
      dataset,
      questions,
      (question, row) => row.category === question.category && row.siliconLevel === question.siliconLevel,
    ),
});

const batchOfSimilar = vectorPath({
  ...shared,
  name: 'similar knowledge, a batch',
  description: 'Eight searches for similar knowledge in one request.',
  objective: { p99Ms: 200 },
  filtered: [],
  batch: batchSize,
  search: ({ vector }) => knowledgeSearch(vector, { limit }),
  known: (dataset, questions) => known(dataset, questions, everything),
});

export const knowledgePaths: readonly QueryPath[] = [similar, similarOfLevelAndCategory, batchOfSimilar];
