import type { Dataset } from '../../../../../seeds/dataset.ts';
import { hotAndCold, notOurData } from '../../../contract/bench/path-parameters.ts';
import {
  type HttpRequest,
  type PathContext,
  type PathDescription,
  type PreparedPath,
  type QueryPath,
  type RecallSearch,
  usualShares,
} from '../../../contract/bench/query-path.ts';
import type { ReachableEngine } from '../../../contract/topology.ts';
import { preparePath } from '../../../shared/bench/prepare-path.ts';
import { isGoodAnswer } from '../../../shared/bench/vector-answers.ts';
import { questionsLikeNothing, questionsMax, type VectorQuestion } from '../../../shared/bench/vector-questions.ts';
import type { CollectionName } from '../../schema/collections.ts';
import { apiKey, openClient, request, uri } from '../../server/connection.ts';
import { collectionPlan, missingCollections } from './collection-plan.ts';

type SearchBody = Readonly<Record<string, unknown>>;

interface FoundPoint {
  readonly id: string | number;
  readonly payload?: Readonly<Record<string, unknown>> | null | undefined;
}

/** A path that is one request which searches a collection. */
export interface VectorPath extends Pick<PathDescription, 'name' | 'description' | 'objective'> {
  readonly collection: CollectionName;
  readonly dimension: number;
  /** Fields of the payload that its filter goes by. */
  readonly filtered: readonly string[];
  readonly ranked: (dataset: Dataset) => Promise<readonly VectorQuestion[]>;
  /** How a point of a server that is not ours becomes a question. */
  readonly questionOf: (point: FoundPoint & { readonly vector: readonly number[] }) => VectorQuestion;
  /** Body of the search for one question. */
  readonly search: (question: VectorQuestion) => SearchBody;
  /** Questions that one request asks. Default: 1, without a batch. */
  readonly batch?: number;
  readonly idOf: (point: FoundPoint) => string;
  readonly known: (dataset: Dataset, questions: readonly VectorQuestion[]) => Promise<readonly (readonly string[])[]>;
}

/** The questions of one request. */
type Asked = readonly VectorQuestion[];

/** Qdrant's default of `ef_construct`, which a search takes where it names no width (its documentation, "Search"). */
const defaultEf = 100;

export function vectorPath(path: VectorPath): QueryPath {
  const { name, description, objective } = path;
  const fields = path.filtered.length === 0 ? '' : `${path.filtered.join(' and ')} indexed for every point, `;
  return {
    name,
    description,
    plan: `${fields}HNSW for what is above the indexing threshold, green`,
    shares: usualShares,
    objective,
    reads: [path.collection],
    missing: (running) => missingCollections(running, path.collection, path.dimension),
    prepare: (context) => prepare(path, context),
  };
}

async function prepare(path: VectorPath, { running, dataset }: PathContext): Promise<PreparedPath> {
  const client = openClient(running);
  const ranked = dataset === undefined ? await sample(path, running) : await path.ranked(dataset);
  const batch = path.batch ?? 1;
  const { hot, cold } = hotAndCold(ranked);
  const absent = questionsLikeNothing(path.dimension);
  const requestOf = (asked: Asked) => httpRequest(path, running, asked);
  const ask = async (asked: Asked): Promise<readonly (readonly FoundPoint[])[]> => {
    if (path.batch === undefined) {
      const { points } = await client.query(path.collection, { ...bodyOf(path, asked) });
      return [points];
    }
    const answers = await client.queryBatch(path.collection, { searches: asked.map(path.search) });
    return answers.map(({ points }) => points);
  };
  const prepared = preparePath<Asked, readonly (readonly FoundPoint[])[]>({
    parameters: { hot: groups(hot, batch), cold: groups(cold, batch), absent: groups(absent, batch) },
    shares: usualShares,
    request: ask,
    bare: async (asked) => {
      const { url, body = '' } = requestOf(asked);
      const options = { method: 'POST', body, contentType: 'application/json' };
      await (await request(running, url.slice(uri(running).length), options)).arrayBuffer();
    },
    yardstick: async () => {
      await (await request(running, '/', { method: 'GET' })).arrayBuffer();
    },
    plan: () => collectionPlan(running, path.collection, path.filtered, dataset),
    answer: (found) => textOf(found.map((points) => points.map(path.idOf))),
    known:
      dataset === undefined
        ? notOurData
        : async (asked) => {
            const known = await path.known(dataset, asked.flat());
            return asked.map((_, index) => textOf(known.slice(index * batch, (index + 1) * batch)));
          },
    judge: isGoodBatch,
    dispose: async () => {},
  });
  const [first = []] = groups(hot, batch);
  const recall = path.batch === undefined ? { recall: recallOf(path, running, [...hot, ...cold]) } : {};
  return { ...prepared, http: requestOf(first), ...recall };
}

/** Always as many as a batch has, from the start again where there are fewer. */
function groups(questions: readonly VectorQuestion[], size: number): readonly Asked[] {
  const count = Math.ceil(questions.length / size);
  return Array.from({ length: count }, (_, group) =>
    Array.from({ length: size }, (_, index) => questions[(group * size + index) % questions.length] as VectorQuestion),
  );
}

function bodyOf(path: VectorPath, asked: Asked): SearchBody {
  const [question] = asked;
  if (question === undefined) throw new Error('a request asks something');
  return path.batch === undefined ? path.search(question) : { searches: asked.map(path.search) };
}

function httpRequest(path: VectorPath, running: ReachableEngine, asked: Asked): HttpRequest {
  const place = `/collections/${path.collection}/points/query${path.batch === undefined ? '' : '/batch'}`;
  return {
    url: `${uri(running)}${place}`,
    method: 'POST',
    headers: { 'content-type': 'application/json', 'api-key': apiKey(running) },
    body: JSON.stringify(bodyOf(path, asked)),
  };
}

/** One line for each question. */
function textOf(answers: readonly (readonly string[])[]): string {
  return answers.map((ids) => ids.join(' ')).join('\n');
}

function isGoodBatch(answer: string, known: string): boolean {
  const [found, exact] = [answer, known].map((text) => text.split('\n'));
  return (
    exact?.length === found?.length && (exact ?? []).every((line, index) => isGoodAnswer(found?.[index] ?? '', line))
  );
}

/** The path's own search with another width, and exactly, without the threshold: recall at ten needs ten. */
function recallOf(path: VectorPath, running: ReachableEngine, questions: readonly VectorQuestion[]): RecallSearch {
  const client = openClient(running);
  return {
    k: 10,
    queries: Math.min(36, questions.length),
    ownEf: defaultEf,
    efs: [8, 16, 32, 64, 128, 256],
    search: async (iteration, ef) => {
      const { score_threshold: _, ...search } = path.search(questions[iteration % questions.length] as VectorQuestion);
      const params = ef === null ? { exact: true } : { hnsw_ef: ef };
      const body: SearchBody = { ...search, params };
      const { points } = await client.query(path.collection, { ...body });
      return points.map(({ id }) => String(id));
    },
  };
}

async function sample(path: VectorPath, running: ReachableEngine): Promise<readonly VectorQuestion[]> {
  const { points } = await openClient(running).scroll(path.collection, {
    limit: questionsMax,
    with_payload: true,
    with_vector: true,
  });
  return points.map(({ id, payload, vector }) => path.questionOf({ id, payload, vector: vector as number[] }));
}
