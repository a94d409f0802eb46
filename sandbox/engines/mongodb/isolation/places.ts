import { randomBytes } from 'node:crypto';
import type { Db, MongoClient } from 'mongodb';
import { now } from '../../../core/clock.ts';
import type { IsolationOptions, Place, Places } from '../../contract/isolation.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { placeName, stackMark } from '../../shared/isolation/place-names.ts';
import { type CollectionDescription, readCatalogue } from '../backup/catalogue.ts';
import { gapsOfDatabase } from '../schema/schema-gaps.ts';
import { databaseName, openForWork, uri } from '../server/connection.ts';
import { addressOfPlace, hasLogin } from './address.ts';
import { catalogueDifference, makeCollections, mendCatalogue, namesOfDifference } from './collections.ts';
import { copyDocuments, type Digests, differenceOf, digestsOf, isMendable, mendDocuments } from './contents.ts';
import { type Profiling, readProfiling, stopProfiling } from './profiling.ts';

/** What places are made from: a database that nobody else writes to, and what is known of it here. */
interface Template {
  readonly database: Db;
  readonly collections: readonly CollectionDescription[];
  readonly digests: ReadonlyMap<string, Digests>;
  readonly profiling: Profiling | undefined;
}

interface Pool {
  readonly running: RunningEngine;
  readonly client: MongoClient;
  readonly template: Template;
}

/** Copies the platform's database as it is now, and opens the pool of databases that are made from the copy. */
export async function openPlaces(running: RunningEngine, options: IsolationOptions): Promise<Places> {
  const client = await openForWork(running);
  const mark = stackMark(running);
  try {
    const template = await makeTemplate(running, client, placeName(mark, options.owner));
    const pool: Pool = { running, client, template };
    return {
      capacity: capacityOf(template, options.maximum),
      make: (signal = options.signal) => make(pool, placeName(mark, options.owner), signal),
      reset: (place) => reset(pool, place),
      verify: ({ id }) => verify(pool, client.db(id)),
      schemaGaps: ({ id }) => gapsOfDatabase(running, client.db(id)),
      drop: ({ id }) => dropPlace(client, id),
      async [Symbol.asyncDispose]() {
        await template.database.dropDatabase();
        await client.close();
      },
    };
  } catch (thrown) {
    await client.close();
    throw thrown;
  }
}

/** Collections with indexes that a replica set does well with (MongoDB documentation, "Reduce the Number of Collections"). */
const filesMax = 10_000;

function capacityOf({ collections }: Template, maximum?: number): Places['capacity'] {
  const files = collections.reduce((sum, { indexes }) => sum + 2 + indexes.length, 0);
  const room = Math.max(1, Math.floor(filesMax / Math.max(1, files)));
  if (maximum !== undefined && maximum <= room) return { places: maximum, boundBy: 'what was asked for' };
  return { places: room, boundBy: `${filesMax} files of collections and indexes, ${files} for each place` };
}

async function makeTemplate(running: RunningEngine, client: MongoClient, name: string): Promise<Template> {
  const [source, database] = [client.db(databaseName), client.db(name)];
  await fill(database, source, await readCatalogue(source));
  const collections = await readCatalogue(database);
  const digests = new Map<string, Digests>();
  for (const collection of collections) digests.set(collection.name, await digestsOf(database, collection));
  return { database, collections, digests, profiling: await readProfiling(running, source) };
}

async function fill(database: Db, from: Db, collections: readonly CollectionDescription[]): Promise<void> {
  await makeCollections(database, collections);
  for (const { name, type } of collections) if (type !== 'view') await copyDocuments(from, database, name);
}

async function make({ running, client, template }: Pool, id: string, signal: AbortSignal | undefined): Promise<Place> {
  const address = uri(running);
  const login = hasLogin(address) ? { password: randomBytes(24).toString('base64url') } : undefined;
  try {
    if (login !== undefined) await makeLogin(client, id, login.password);
    await fill(client.db(id), template.database, template.collections);
    signal?.throwIfAborted();
  } catch (thrown) {
    await dropPlace(client, id);
    throw thrown;
  }
  const own = addressOfPlace(address, id, login);
  return { id, uri: own, environment: { MONGODB_URI: own } };
}

/**
 * It may read, write and make collections and indexes in its own database, and nothing anywhere else. It is no `dbOwner`,
 * who may make users too: those lie in `admin`, which all share.
 */
async function makeLogin(client: MongoClient, id: string, password: string): Promise<void> {
  const roles = ['readWrite', 'dbAdmin'].map((role) => ({ role, db: id }));
  const customData = { madeAt: now() };
  await client.db('admin').command({ createUser: id, pwd: password, roles, customData });
}

async function reset(pool: Pool, place: Place): Promise<boolean> {
  const { client, template } = pool;
  const database = client.db(place.id);
  try {
    await endSessions(client, place.id);
    await stopProfiling(database, template.profiling);
    const empty = await mendCatalogue(database, template.collections);
    for (const collection of template.collections) await mendContent(pool, database, collection, empty);
    return catalogueIsRight(template, await readCatalogue(database));
  } catch {
    // Whatever is wrong with it: it goes, and another one comes.
    await dropPlace(client, place.id);
    return false;
  }
}

/** A transaction that a test has left open would hold what it has written. */
async function endSessions(client: MongoClient, id: string): Promise<void> {
  await client.db('admin').command({ killAllSessions: [{ user: id, db: 'admin' }] });
}

async function mendContent(
  { template }: Pool,
  place: Db,
  collection: CollectionDescription,
  empty: ReadonlySet<string>,
): Promise<void> {
  const { name, type } = collection;
  if (type === 'view') return;
  if (empty.has(name)) return copyDocuments(template.database, place, name);
  const wanted: Digests = template.digests.get(name) ?? new Map();
  const difference = differenceOf(wanted, await digestsOf(place, collection));
  if (countOf(difference) === 0) return;
  if (isMendable(collection))
    return mendDocuments({ template: template.database, place, name }, difference, wanted.size);
  await place.dropCollection(name);
  await fill(place, template.database, [collection]);
}

function countOf({ added, changed, removed }: ReturnType<typeof differenceOf>): number {
  return added.length + changed.length + removed.length;
}

function catalogueIsRight({ collections }: Template, found: readonly CollectionDescription[]): boolean {
  return namesOfDifference(catalogueDifference(collections, found)).length === 0;
}

async function verify({ template }: Pool, place: Db): Promise<readonly string[]> {
  const catalogue = namesOfDifference(catalogueDifference(template.collections, await readCatalogue(place)));
  const contents: string[] = [];
  for (const collection of template.collections) {
    const wanted = template.digests.get(collection.name) ?? new Map();
    const { added, changed, removed } = differenceOf(wanted, await digestsOf(place, collection));
    for (const [keys, word] of [
      [added, 'more'],
      [changed, 'different'],
      [removed, 'fewer'],
    ] as const) {
      if (keys.length > 0) contents.push(`${collection.name}: documents ${word}: ${keys.length}`);
    }
  }
  return [...catalogue, ...contents];
}

/** The login first: what still runs as it could make the database anew. */
export async function dropPlace(client: MongoClient, id: string): Promise<void> {
  const admin = client.db('admin');
  await endSessions(client, id);
  await admin.command({ dropUser: id }).catch((thrown: { readonly code?: unknown }) => {
    if (thrown.code !== userNotFound) throw thrown;
  });
  await client.db(id).dropDatabase();
}

/** The server's own word for a user that is not there (its `error_codes.yml`, `UserNotFound`). */
const userNotFound = 11;
