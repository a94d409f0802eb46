import type { Collection, Db, Document, MongoClient } from 'mongodb';
import {
  asksForCount,
  type Combination,
  combinationsMax,
  NoSuchPlace,
  type QualityAnswer,
  type QualityLimits,
  type QualityPlace,
  type QualityQuestion,
  type QualitySession,
  requireFewCombinations,
} from '../../contract/quality.ts';
import { isExternal, type ReachableEngine } from '../../contract/topology.ts';
import { isPlaceName } from '../../shared/isolation/place-names.ts';
import { markCollection, mayBeRestored } from '../backup/restored-databases.ts';
import { databaseName, openForWork, recordDatabaseName } from '../server/connection.ts';
import { catalogueOf } from './catalogue.ts';
import { idsOf, idText, namesValidator, searchOf, withValidator } from './search.ts';

/** Databases of the server itself, and of our own records. */
const notOfPeople: ReadonlySet<string> = new Set(['admin', 'config', 'local', recordDatabaseName]);

/** The server's code for what a login may not do (MongoDB, `error_codes.yml`: `Unauthorized`). */
const unauthorized = 13;

/** Reads from a secondary where one answers. Its searches have no stage that writes. */
export async function openSession(running: ReachableEngine): Promise<QualitySession> {
  const client = await openForWork(running);
  const unnamed = isExternal(running) ? client.options.dbName : databaseName;
  const databaseOf = ({ database = unnamed }: Pick<QualityPlace, 'database'>) => client.db(database);
  const login = isExternal(running) ? 'the login of its address' : 'the login of the platform';
  return {
    reader: `${login}, searches that do not write, ${running.topology === 'replicated' ? 'from a secondary' : 'from the server'}`,
    ownDatabase: unnamed,
    // The stand-in works at one thing at a time, and has a collection whole in memory for each that it is asked.
    ...(running.image.origin === 'compatible' ? { scansAtOnce: 1 } : {}),
    answer: (question, limits) => answer(databaseOf(question.place), question, limits),
    distribution: (place, fields, limits) =>
      distribution(databaseOf(place).collection(place.name, { readPreference: 'secondaryPreferred' }), fields, limits),
    places: () => placesIn(client, isExternal(running) ? ownDatabase(running.url) : undefined),
    catalogue: (place, limits) => catalogueOf(databaseOf(place), place.name, limits),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** Nothing is wrong in a collection that is not there, and nothing in order either: there the server finds nothing, as in an empty one. */
async function answer(database: Db, question: QualityQuestion, limits: QualityLimits): Promise<QualityAnswer> {
  const found = await violations(database, question, limits);
  const { name } = question.place;
  if (found.count === 0 && !asksForCount(question) && !(await isThere(database, name))) {
    throw new NoSuchPlace(`there is no collection ${name}`);
  }
  return found;
}

/** A login that may read a collection and not list them has it. */
async function isThere(database: Db, name: string): Promise<boolean> {
  try {
    return (await database.listCollections({ name }, { nameOnly: true }).toArray()).length > 0;
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code === unauthorized) return true;
    throw thrown;
  }
}

/** Mostly nothing is wrong, and the collection is read once; it is counted where there is more than is named. */
async function violations(database: Db, question: QualityQuestion, limits: QualityLimits): Promise<QualityAnswer> {
  const search = await completed(database, question);
  const collection = database.collection<Document>(question.place.name, { readPreference: 'secondaryPreferred' });
  const options = { maxTimeMS: Math.ceil(limits.timeoutMs) };
  if (asksForCount(question)) {
    const count = limits.mayEstimate
      ? collection.estimatedDocumentCount(options)
      : collection.countDocuments({}, options);
    return { count: await count, ids: [] };
  }
  const { key = '_id' } = question.place;
  const { accepted } = question;
  if ('filter' in search) return answerFilter(collection, { filter: search.filter, key, accepted }, limits);
  const stages = [
    ...search.pipeline,
    ...(accepted.length === 0 ? [] : [{ $match: { _id: { $nin: idsOf(accepted) } } }]),
  ];
  const first = [...stages, { $sort: { _id: 1 } }, { $limit: limits.idsMax + 1 }];
  const found = (await collection.aggregate(first, options).toArray()).map(({ _id }) => idText(_id));
  if (found.length <= limits.idsMax) return { count: found.length, ids: found };
  const [counted] = await collection.aggregate([...stages, { $count: 'count' }], options).toArray();
  return { count: Number(counted?.count ?? 0), ids: found.slice(0, limits.idsMax) };
}

async function answerFilter(
  collection: Collection<Document>,
  asked: { readonly filter: Document; readonly key: string; readonly accepted: readonly string[] },
  limits: QualityLimits,
): Promise<QualityAnswer> {
  const { key, accepted } = asked;
  const filter = accepted.length === 0 ? asked.filter : { $and: [asked.filter, { [key]: { $nin: idsOf(accepted) } }] };
  const options = { maxTimeMS: Math.ceil(limits.timeoutMs) };
  const first = await collection
    .find(filter, { ...options, projection: { [key]: 1 } })
    .sort({ [key]: 1 })
    .limit(limits.idsMax + 1)
    .toArray();
  const found = first.map((document) => idText(document[key]));
  if (found.length <= limits.idsMax) return { count: found.length, ids: found };
  return { count: await collection.countDocuments(filter, options), ids: found.slice(0, limits.idsMax) };
}

async function distribution(
  collection: Collection<Document>,
  fields: readonly string[],
  { timeoutMs }: QualityLimits,
): Promise<readonly Combination[]> {
  const stages = [
    { $group: { _id: fields.map((field) => ({ $ifNull: [`$${field}`, null] })), count: { $sum: 1 } } },
    { $limit: combinationsMax + 1 },
  ];
  const found = await collection.aggregate(stages, { maxTimeMS: Math.ceil(timeoutMs) }).toArray();
  return requireFewCombinations(found).map(({ _id, count }) => ({
    values: (_id as readonly unknown[]).map((value) => (value === null ? null : idText(value))),
    count: Number(count),
  }));
}

async function completed(database: Db, question: QualityQuestion): Promise<ReturnType<typeof searchOf>> {
  const search = searchOf(question);
  if (!('query' in question.ask) || !namesValidator(question.ask.query)) return search;
  const found = (await database.listCollections({ name: question.place.name }).next()) as Document | null;
  // Without a validator every document is what it asks for.
  return withValidator(search, found?.options?.validator ?? {});
}

/** The database that an address names, as one of PostgreSQL does; `undefined` where the whole server is meant. */
export function ownDatabase(url: string): string | undefined {
  const [, named = ''] = /^[a-z+]+:\/\/[^/?]*\/([^?]*)/.exec(url) ?? [];
  const name = decodeURIComponent(named);
  return name === '' || notOfPeople.has(name) ? undefined : name;
}

/** A collection of the server's, or the mark that a copy of a restored database still has. */
function isOwn(collection: string): boolean {
  return collection.startsWith('system.') || collection === markCollection;
}

/**
 * Without databases of tests, and without those that a restore has made beside the live ones: both go by themselves. One that
 * the address names is meant, whatever it is.
 */
async function placesIn(client: MongoClient, only: string | undefined): Promise<readonly QualityPlace[]> {
  const databases =
    only === undefined
      ? (await client.db('admin').admin().listDatabases({ nameOnly: true })).databases
      : [{ name: only }];
  const found = await Promise.all(
    databases
      .filter(({ name }) => name === only || (!notOfPeople.has(name) && !isPlaceName(name)))
      .map(async ({ name }) => {
        const collections = await client.db(name).listCollections({}, { nameOnly: true }).toArray();
        const isMarked = collections.some((collection) => collection.name === markCollection);
        if (name !== only && isMarked && mayBeRestored(name)) return [];
        return collections
          .filter((collection) => !isOwn(collection.name) && collection.type !== 'view')
          .map((collection) => ({ database: name, name: collection.name }));
      }),
  );
  return found.flat().toSorted((left, right) => (left.name < right.name ? -1 : 1));
}
