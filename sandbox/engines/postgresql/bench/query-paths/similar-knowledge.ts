import type { Dataset } from '../../../../../seeds/dataset.ts';
import type { KnowledgeVector } from '../../../../../seeds/entities.ts';
import { perDataset } from '../../../contract/bench/path-parameters.ts';
import { type QueryPath, usualShares } from '../../../contract/bench/query-path.ts';
import { exactNeighbours, isGoodAnswer } from '../../../shared/bench/vector-answers.ts';
import {
  knowledgeQuestions,
  questionsLikeNothing,
  questionsMax,
  type VectorQuestion,
} from '../../../shared/bench/vector-questions.ts';
import { type SqlPath, sqlPath } from './sql-path.ts';
import { type Question, vectorRecall } from './vector-recall.ts';

/** The platform's threshold for the cosine, as a distance of 0.3 in the statements. */
const threshold = 0.7;

const limit = 10;

const rankedQuestions = perDataset(async (dataset) => (await knowledgeQuestions(dataset)).map(asParameter));

const shared = {
  database: 'taishang_ai',
  role: 'taishang_ai_user',
  shares: usualShares,
  objective: { p99Ms: 50 },
  tables: ['knowledge_embeddings'],
  ranked: rankedQuestions,
  sample: `SELECT embedding::text AS vector, category FROM knowledge_embeddings ORDER BY knowledge_id LIMIT ${questionsMax}`,
  answer: (rows) => rows.map(({ knowledge_id }) => String(knowledge_id)).join(' '),
  judge: isGoodAnswer,
} satisfies Partial<SqlPath<Question>>;

const similarKnowledge = sqlPath<Question>({
  ...shared,
  name: 'similar embeddings',
  description: 'The ten pieces of knowledge most like a vector, above a cosine of 0.7, with pgvector and HNSW.',
  file: 'similar-knowledge',
  uses: { indexes: [['idx_knowledge_embeddings_cosine']] },
  absent: questionsLikeNothing(768).map(asParameter),
  values: ({ vector }) => [vector],
  known: (dataset, parameters) => known(dataset, parameters, () => true),
  more: ({ context }, parameters) => vectorRecall(context.running, parameters, false),
});

const similarKnowledgeOfCategory = sqlPath<Question>({
  ...shared,
  name: 'similar embeddings of a category',
  description: 'The same within a category: the index goes on until ten rows have passed the filter.',
  file: 'similar-knowledge-of-category',
  uses: {
    indexes: [['idx_knowledge_embeddings_cosine']],
    demandedFrom: { table: 'knowledge_embeddings', rows: 5_000 },
  },
  // Without it the filter would be left with what is in the first forty (pgvector, "Iterative Index Scans").
  settings: 'SET hnsw.iterative_scan = strict_order',
  absent: questionsLikeNothing(768).map(asParameter),
  values: ({ vector, category }) => [vector, category],
  known: (dataset, parameters) => known(dataset, parameters, ({ category }, row) => row.category === category),
  more: ({ context }, parameters) => vectorRecall(context.running, parameters, true),
});

export const similarKnowledgePaths: readonly QueryPath[] = [similarKnowledge, similarKnowledgeOfCategory];

async function known(
  dataset: Dataset,
  parameters: readonly Question[],
  matches: (question: Question, row: KnowledgeVector) => boolean,
): Promise<readonly string[]> {
  const questions = parameters.map((question) => ({
    vector: JSON.parse(question.vector) as number[],
    matches: (row: KnowledgeVector) => matches(question, row),
  }));
  const found = await exactNeighbours(dataset, 'knowledgeVectors', questions, {
    limit,
    threshold,
    idOf: ({ knowledgeId }) => knowledgeId,
  });
  return found.map((ids) => ids.join(' '));
}

function asParameter({ vector, category }: VectorQuestion): Question {
  return { vector: `[${vector.join(',')}]`, category };
}
