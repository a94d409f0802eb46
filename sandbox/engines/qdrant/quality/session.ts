import type { QdrantClient } from '@qdrant/js-client-rest';
import { withoutUndefined } from '../../../core/without-undefined.ts';
import {
  type Combination,
  NoSuchPlace,
  type QualityAnswer,
  type QualityLimits,
  type QualityPlace,
  type QualityQuestion,
  type QualitySession,
  requireFewCombinations,
  requireInTime,
} from '../../contract/quality.ts';
import type { SchemaObject } from '../../contract/schema/schema-gap.ts';
import { isExternal, type ReachableEngine } from '../../contract/topology.ts';
import { readNames } from '../backup/names.ts';
import { scrollAll } from '../schema/collections.ts';
import { openClient } from '../server/connection.ts';
import { askOf, idOf, inSeconds, type QdrantAsk, textOfValues, valueAt } from './questions.ts';
import { createVectorScan, type VectorScan } from './vectors.ts';

/** Points whose payload is looked at, to see which fields there are. */
const payloadsSampled = 1_000;

/** Counts and scrolls, which do not write. Any peer answers for the whole cluster. */
export async function openSession(running: ReachableEngine): Promise<QualitySession> {
  await openClient(running).getCollections();
  const clients = new Map<number, QdrantClient>();
  // A request ends with the check that it is of, and no sooner.
  const clientFor = ({ timeoutMs }: QualityLimits) => {
    const client = clients.get(timeoutMs) ?? openClient(running, timeoutMs);
    clients.set(timeoutMs, client);
    return client;
  };
  const scans = new Map<string, VectorScan>();
  const scanOf = (name: string) => {
    const scan = scans.get(name) ?? createVectorScan(running, name);
    scans.set(name, scan);
    return scan;
  };
  return {
    reader: `${isExternal(running) ? 'the key of its address' : 'the key of the API'}, requests that do not write`,
    answer: (question, limits) => answer({ client: clientFor(limits), scanOf }, question, limits),
    distribution: async (place, fields, limits) =>
      distribution(clientFor(limits), { name: nameOf(place), fields }, limits),
    // Those that a restore has made beside the live ones go by themselves.
    places: async (limits) => (await readNames(clientFor(limits))).collections.map((name) => ({ name })),
    catalogue: (place, limits) => catalogueOf(clientFor(limits), place, limits),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** What a contract means by a database is not to be had here. */
function nameOf({ database, name }: QualityPlace): string {
  if (database === undefined) return name;
  throw new Error(`Qdrant has no databases, and the contract names ${database}`);
}

interface Reader {
  readonly client: QdrantClient;
  readonly scanOf: (name: string) => VectorScan;
}

async function answer(
  { client, scanOf }: Reader,
  question: QualityQuestion,
  limits: QualityLimits,
): Promise<QualityAnswer> {
  const { idsMax, mayEstimate = false } = limits;
  const asked = askOf(question);
  const name = nameOf(question.place);
  const timeout = inSeconds(limits.timeoutMs);
  if ('points' in asked) return { count: (await client.count(name, { exact: !mayEstimate, timeout })).count, ids: [] };
  const deadlineAtMs = performance.now() + limits.timeoutMs;
  const some = (ids: readonly string[]) => {
    const left = ids.filter((id) => !question.accepted.includes(id));
    return { count: left.length, ids: left.toSorted().slice(0, idsMax) };
  };
  if ('vectors' in asked) return some(await scanOf(name)(asked.vectors, deadlineAtMs));
  if (!('filter' in asked)) return some(await payloadViolations(client, name, asked, limits));
  const accepted: Readonly<Record<string, unknown>> = { has_id: question.accepted.map(idOf) };
  const filter = question.accepted.length === 0 ? asked.filter : { must: [asked.filter], must_not: [accepted] };
  const wanted = { limit: idsMax + 1, filter, with_payload: false, with_vector: false, timeout };
  const page = await client.scroll(name, wanted);
  const ids = page.points.map(({ id }) => String(id));
  if (ids.length <= idsMax) return { count: ids.length, ids };
  return { count: (await client.count(name, { exact: true, filter, timeout })).count, ids: ids.slice(0, idsMax) };
}

async function payloadViolations(
  client: QdrantClient,
  name: string,
  asked: Exclude<
    QdrantAsk,
    { readonly filter: unknown } | { readonly vectors: unknown } | { readonly points: unknown }
  >,
  limits: QualityLimits,
): Promise<readonly string[]> {
  const deadlineAtMs = performance.now() + limits.timeoutMs;
  const fields = 'duplicates' in asked ? asked.duplicates : ['without' in asked ? asked.without : asked.field];
  const seen = new Set<string>();
  const found: string[] = [];
  // To the server a list of nothing is empty too: that one is there.
  const filter =
    'without' in asked
      ? { should: [{ is_null: { key: asked.without } }, { is_empty: { key: asked.without } }] }
      : undefined;
  const wanted = { payload: fields, timeoutS: inSeconds(limits.timeoutMs), ...withoutUndefined({ filter }) };
  for await (const points of scrollAll(client, name, wanted)) {
    requireInTime(deadlineAtMs);
    for (const { id, payload } of points) {
      const values = fields.map((field) => valueAt(payload, field));
      if ('without' in asked) {
        if (values[0] === null) found.push(String(id));
        continue;
      }
      if (values.includes(null)) continue;
      // By type too: 1 is not '1'.
      const key = textOfValues(values);
      if ('noneOf' in asked ? !asked.noneOf.includes(values[0]) : seen.has(key)) found.push(String(id));
      if ('duplicates' in asked) seen.add(key);
    }
  }
  return found;
}

/** Points are looked through: the server counts values of one field at a time, and of an indexed one alone. */
async function distribution(
  client: QdrantClient,
  { name, fields }: { readonly name: string; readonly fields: readonly string[] },
  limits: QualityLimits,
): Promise<readonly Combination[]> {
  const deadlineAtMs = performance.now() + limits.timeoutMs;
  const found = new Map<string, { readonly values: readonly unknown[]; count: number }>();
  for await (const points of scrollAll(client, name, { payload: fields, timeoutS: inSeconds(limits.timeoutMs) })) {
    requireInTime(deadlineAtMs);
    for (const { payload } of points) {
      const values = fields.map((field) => valueAt(payload, field));
      const combination = textOfValues(values);
      const same = found.get(combination) ?? { values, count: 0 };
      same.count += 1;
      found.set(combination, same);
    }
    requireFewCombinations([...found.keys()]);
  }
  return [...found.values()].map(({ values, count }) => ({
    values: values.map((value) => (value === null ? null : String(value))),
    count,
  }));
}

/** Vectors and payload indexes as the server describes them, and fields as the first points have them. */
async function catalogueOf(
  client: QdrantClient,
  place: QualityPlace,
  limits: QualityLimits,
): Promise<readonly SchemaObject[]> {
  const name = nameOf(place);
  const { config, payload_schema } = await client.getCollection(name).catch((thrown) => {
    throw (thrown as { status?: number }).status === 404 ? new NoSuchPlace(`there is no collection ${name}`) : thrown;
  });
  const vectors = (config.params.vectors ?? {}) as Readonly<Record<string, unknown>>;
  const named = 'size' in vectors ? { '': vectors } : vectors;
  const wanted = {
    limit: payloadsSampled,
    with_payload: true,
    with_vector: false,
    timeout: inSeconds(limits.timeoutMs),
  };
  const { points } = await client.scroll(name, wanted);
  const fields = new Set(points.flatMap(({ payload }) => Object.keys(payload ?? {})));
  return [
    ...Object.entries(named).map(([vector, described]) => {
      const { size, distance } = described as { readonly size: number; readonly distance: string };
      return { kind: 'vector', name: vector === '' ? 'default' : vector, definition: `${size} ${distance}` };
    }),
    ...Object.keys(config.params.sparse_vectors ?? {}).map((vector) => ({
      kind: 'vector',
      name: vector,
      definition: 'sparse',
    })),
    ...Object.entries(payload_schema).map(([field, index]) => ({
      kind: 'index',
      name: field,
      definition: String(index?.data_type),
    })),
    ...[...fields].toSorted().map((field) => ({ kind: 'field', name: field, definition: '' })),
  ];
}
