import type { Dataset } from '../../../seeds/dataset.ts';
import {
  absentIds,
  countUp,
  hotAndCold,
  notOurData,
  rowsOf,
  rowsWhere,
} from '../../engines/contract/bench/path-parameters.ts';
import type { PlatformReads } from '../../engines/contract/bench/platform-reads.ts';
import { type HopListener, type PreparedPath, usualShares } from '../../engines/contract/bench/query-path.ts';
import { preparePath } from '../../engines/shared/bench/prepare-path.ts';
import { exactNeighbours, isGoodAnswer } from '../../engines/shared/bench/vector-answers.ts';
import { knowledgeQuestions, questionsLikeNothing } from '../../engines/shared/bench/vector-questions.ts';
import type { CrossStoreContext, CrossStorePath } from './cross-store-path.ts';
import { hopsCheck, timedHops } from './hops.ts';

/** A question of a user, and the session in which it is asked. */
interface Asked {
  readonly vector: readonly number[];
  readonly sessionId: string;
}

interface Retrieved {
  readonly knowledge: readonly string[];
  readonly concepts: readonly string[];
  readonly messages: number;
}

const hops = {
  knowledge: 'similar knowledge',
  concepts: 'concepts of knowledge',
  messages: 'messages of the session',
} as const;

const order = [hops.knowledge, hops.concepts, hops.messages];

/** Rows of the search and its threshold, of the platform. */
const limit = 10;
const threshold = 0.7;

/** Concepts at most, of the statement. */
const conceptsMax = 20;

export const answerRetrieval: CrossStorePath = {
  name: 'retrieval for an answer',
  description: 'Knowledge that is like a question, the concepts that it is about, and what was said before.',
  plan: order.join(', then '),
  shares: usualShares,
  objective: { p99Ms: 250 },
  needs: ['similarKnowledge', 'conceptsOfKnowledge', 'messagesOfSession', 'someSessionIds', 'someKnowledgeVectors'],
  prepare,
};

async function prepare({ reads, dataset }: CrossStoreContext): Promise<PreparedPath> {
  const { vectors, sessionIds } = dataset === undefined ? await sampled(reads) : await drawn(dataset);
  const asked = vectors.map((vector, index) => ({ vector, sessionId: sessionIds[index % sessionIds.length] ?? '' }));
  const absent = absentIds();
  const request = (each: Asked, onHop?: HopListener) => retrieve(reads, each, onHop);
  return preparePath<Asked, Retrieved>({
    parameters: {
      ...hotAndCold(asked),
      absent: questionsLikeNothing(768).map(({ vector }, index) => ({ vector, sessionId: absent[index] ?? '' })),
    },
    shares: usualShares,
    request,
    bare: async ({ vector, sessionId }) => {
      await reads.conceptsOfKnowledge(await reads.similarKnowledge(vector));
      await reads.messagesOfSession(sessionId);
    },
    plan: (each) => hopsCheck((onHop) => request(each, onHop), order),
    answer: textOf,
    known: dataset === undefined ? notOurData : (each) => knownAnswers(dataset, each),
    judge: isGoodRetrieval,
    dispose: async () => {},
  });
}

async function retrieve(reads: PlatformReads, { vector, sessionId }: Asked, onHop?: HopListener): Promise<Retrieved> {
  const { time } = timedHops(onHop);
  const knowledge = await time(hops.knowledge, () => reads.similarKnowledge(vector));
  const concepts = await time(hops.concepts, () => reads.conceptsOfKnowledge(knowledge));
  const messages = await time(hops.messages, () => reads.messagesOfSession(sessionId));
  return { knowledge, concepts, messages };
}

async function sampled(reads: PlatformReads) {
  const [vectors, sessionIds] = await Promise.all([reads.someKnowledgeVectors(250), reads.someSessionIds(250)]);
  return { vectors, sessionIds };
}

async function drawn(dataset: Dataset) {
  const questions = await knowledgeQuestions(dataset);
  const sessionIds: string[] = [];
  for await (const { sessionId } of rowsOf(dataset, 'conversations')) {
    sessionIds.push(sessionId);
    if (sessionIds.length === questions.length) break;
  }
  return { vectors: questions.map(({ vector }) => vector), sessionIds };
}

/** Three lines: knowledge, concepts, messages. */
function textOf({ knowledge, concepts, messages }: Retrieved): string {
  return [knowledge.join(' '), concepts.join(', '), String(messages)].join('\n');
}

/** The search is approximate: with other knowledge come other concepts. */
function isGoodRetrieval(answer: string, known: string): boolean {
  const [found = '', concepts, messages] = answer.split('\n');
  const [exact = '', knownConcepts, knownMessages] = known.split('\n');
  const sameKnowledge = found.split(' ').toSorted().join() === exact.split(' ').toSorted().join();
  return isGoodAnswer(found, exact) && messages === knownMessages && (!sameKnowledge || concepts === knownConcepts);
}

async function knownAnswers(dataset: Dataset, asked: readonly Asked[]): Promise<readonly string[]> {
  const questions = asked.map(({ vector }) => ({ vector, matches: () => true }));
  const idOf = ({ knowledgeId }: { readonly knowledgeId: string }) => knowledgeId;
  const found = await exactNeighbours(dataset, 'knowledgeVectors', questions, { limit, threshold, idOf });
  const ids = new Set(found.flat());
  const knowledge = new Map(
    (await rowsWhere(dataset, 'knowledge', ({ id }) => ids.has(id))).map((row) => [row.id, row]),
  );
  const messages = new Map<string, number>();
  for await (const { sessionId, messages: said } of rowsOf(dataset, 'conversations')) {
    countUp(messages, sessionId, said.length);
  }
  return asked.map(({ sessionId }, index) => {
    const exact = found[index] ?? [];
    const counts = new Map<string, number>();
    for (const id of exact) for (const { concept } of knowledge.get(id)?.about ?? []) countUp(counts, concept);
    const concepts = [...counts]
      .toSorted(([left, a], [right, b]) => b - a || Buffer.compare(Buffer.from(left), Buffer.from(right)))
      .map(([name]) => name)
      .slice(0, conceptsMax);
    return textOf({ knowledge: exact, concepts, messages: messages.get(sessionId) ?? 0 });
  });
}
