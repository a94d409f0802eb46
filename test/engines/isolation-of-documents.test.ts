import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findPlaceServers } from '../../sandbox/containers/nodes/place-servers.ts';
import { thisProcess } from '../../sandbox/containers/runtime/owner.ts';
import type { Isolation, Place, Places } from '../../sandbox/engines/contract/isolation.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import { databaseNames, readPrincipals, userDatabases } from '../../sandbox/engines/mongodb/backup/catalogue.ts';
import { isolation as mongodb } from '../../sandbox/engines/mongodb/isolation/isolation.ts';
import { isolation as qdrant } from '../../sandbox/engines/qdrant/isolation/isolation.ts';
import { placeName } from '../../sandbox/engines/shared/isolation/place-names.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { seedText } from '../support/seed.ts';
import { mongodbEdits, qdrantEdits } from './support/place-edits.ts';
import { expectAnyPutRight, expectEachPutRight } from './support/put-right.ts';

const dead = { pid: 1, startedAtMs: 1 };
const isThis = ({ pid }: { readonly pid: number }) => pid === process.pid;

interface Opened {
  readonly running: RunningEngine;
  readonly places: Places;
  readonly place: Place;
  readonly beside: Place;
}

/** As a broker that was killed leaves its snapshots: no process has so high a number (proc(5), `pid_max`). */
const leftFolder = join(tmpdir(), `.taishang-${hostname()}~9999999~1~${process.pid}`);

let stack: Stack<'mongodb' | 'qdrant'>;
let documents: Opened;
let points: Opened;

async function opened(running: RunningEngine, isolation: Pick<Isolation, 'open'>): Promise<Opened> {
  const places = await isolation.open(running, { owner: thisProcess() });
  const [place, beside] = [await places.make(), await places.make()];
  return { running, places, place, beside };
}

beforeAll(async () => {
  const size = { users: 20, contents: 30, conversations: 20, concepts: 219, knowledge: 12 };
  await mkdir(leftFolder, { recursive: true });
  stack = await createStack({ engines: ['mongodb', 'qdrant'], size, connect: true });
  [documents, points] = await Promise.all([
    opened(stack.engines.mongodb, mongodb),
    opened(stack.engines.qdrant, qdrant),
  ]);
});
afterAll(async () => {
  await documents?.places[Symbol.asyncDispose]();
  await points?.places[Symbol.asyncDispose]();
  await stack?.dispose();
  await rm(leftFolder, { recursive: true, force: true });
});

test('a place of MongoDB holds what the stack holds, to the last byte', async () => {
  expect(await documents.places.verify(documents.place)).toEqual([]);
  await using own = await mongodb.connect(documents.place);
  // One that a reset has put back comes last where nobody asks for an order.
  const read = (client: MongoClient) =>
    client.db(client.options.dbName).collection('user_contents').find().sort({ _id: 1 }).toArray();
  expect(await read(own.client)).toEqual(await read(stack.clients.mongodb));
});

test('whatever a test does to its database is put right, and the one beside it stays', async () => {
  await using own = await mongodb.connect(documents.place);
  const trial = { ...documents, client: own.client.db(), edits: mongodbEdits };
  await expectEachPutRight(trial);
});

test(`whatever a test does to its database in any order is put right, ${seedText}`, async () => {
  await using own = await mongodb.connect(documents.place);
  await expectAnyPutRight({ ...documents, client: own.client.db(), edits: mongodbEdits }, 4);
});

test('a transaction that a test has left open is ended by the reset', async () => {
  await using own = await mongodb.connect(documents.place);
  await own.client.withSession(async (session) => {
    session.startTransaction();
    await own.client
      .db()
      .collection('user_contents')
      .updateMany({}, { $set: { tags: [] } }, { session });
    expect(await documents.places.reset(documents.place)).toBe(true);
    await expect(session.commitTransaction()).rejects.toThrow();
  });
  expect(await documents.places.verify(documents.place)).toEqual([]);
});

test.for([2, 0])(
  'the profiler of a database is off after a reset, left at level %i, and its log gone',
  async (level) => {
    await using own = await mongodb.connect(documents.place);
    await own.client.db().command({ profile: 2 });
    await own.client.db().collection('user_contents').findOne();
    await own.client.db().command({ profile: level });
    expect(await documents.places.reset(documents.place)).toBe(true);
    expect(await own.client.db().command({ profile: -1 })).toMatchObject({ was: 0 });
    const names = (await own.client.db().listCollections().toArray()).map(({ name }) => name);
    expect(names).not.toContain('system.profile');
  },
);

test('a login of a place opens its own database alone, and is gone with it', async () => {
  const { places } = documents;
  const place = await places.make();
  await using own = await mongodb.connect(place);
  await expect(own.client.db('taishang_content').collection('user_contents').findOne()).rejects.toMatchObject({
    code: 13,
  });
  await places.drop(place);
  expect(await databaseNames(stack.clients.mongodb)).not.toContain(place.id);
  await expect(new MongoClient(place.uri).connect()).rejects.toMatchObject({ code: 18 });
});

test('a sweep of databases takes those of a dead broker, and nothing that lacks the mark of the stack', async () => {
  const client = stack.clients.mongodb;
  const mark = documents.place.id.split('_')[1] ?? '';
  const abandoned = placeName(mark, dead);
  const others = [placeName('0123abcd', dead), `place_${mark}`, 'place_of_somebody'];
  for (const name of [abandoned, ...others]) await client.db(name).createCollection('some');
  await client.db('admin').command({ createUser: placeName(mark, dead), pwd: 'password', roles: [] });
  try {
    expect(await mongodb.sweep(documents.running, isThis)).toBe(2);
    const left = await databaseNames(client);
    expect(left).toEqual(expect.arrayContaining([...others, documents.place.id, documents.beside.id]));
    expect(left).not.toContain(abandoned);
  } finally {
    for (const name of others) await client.db(name).dropDatabase();
  }
});

test('a backup has neither databases nor logins of places', async () => {
  expect(await userDatabases(stack.clients.mongodb)).not.toContain(documents.place.id);
  const { users } = await readPrincipals(stack.clients.mongodb, false);
  expect(users.map(String).join()).not.toContain(documents.place.id);
});

test('a place of Qdrant holds what the stack holds, and what a test does to it is put right', async () => {
  expect(await points.places.verify(points.place)).toEqual([]);
  await using own = await qdrant.connect(points.place);
  const count = async (client: typeof own.client) => (await client.count('user_vectors', { exact: true })).count;
  expect(await count(own.client)).toBe(await count(stack.clients.qdrant));
  await expectEachPutRight({ ...points, client: own.client, edits: qdrantEdits });
});

test('snapshots that a killed broker has left go when places are opened', () => {
  expect(existsSync(leftFolder)).toBe(false);
});

test(`whatever a test does to its server of Qdrant in any order is put right, ${seedText}`, async () => {
  await using own = await qdrant.connect(points.place);
  await expectAnyPutRight({ ...points, client: own.client, edits: qdrantEdits }, 4);
});

test('a collection of Qdrant that a test has taken back to an earlier snapshot and written to is put right', async () => {
  const { places } = points;
  const place = await places.make();
  await using own = await qdrant.connect(place);
  const address = `${place.uri}/collections/user_vectors/snapshots`;
  const headers = { 'api-key': place.environment.QDRANT_API_KEY ?? '' };
  const more = { wait: true, payload: { more: true }, filter: { must: [] } };
  for (const before of [[], [more]]) {
    for (const change of before) await own.client.setPayload('user_vectors', change);
    const { name = '' } = (await own.client.createSnapshot('user_vectors')) ?? {};
    const body = new FormData();
    body.set('snapshot', await (await fetch(`${address}/${name}`, { headers })).blob());
    await own.client.setPayload('user_vectors', more);
    const uploaded = await fetch(`${address}/upload?priority=snapshot`, { method: 'POST', headers, body });
    expect(uploaded.status).toBe(200);
    await own.client.setPayload('user_vectors', more);
    expect(await places.reset(place)).toBe(true);
    expect(await places.verify(place)).toEqual([]);
  }
  await places.drop(place);
});

test('a snapshot of a collection of Qdrant that a test has removed does not come back with the collection', async () => {
  const { places, place } = points;
  await using own = await qdrant.connect(place);
  await own.client.createSnapshot('user_vectors');
  await own.client.deleteCollection('user_vectors');
  expect(await places.reset(place)).toBe(true);
  expect(await places.verify(place)).toEqual([]);
});

test('a server that a test has ended is replaced', async () => {
  const { places, running } = points;
  const place = await places.make();
  const network = running.nodes[0]?.network ?? '';
  const [server] = (await findPlaceServers(network, 'qdrant')).filter(({ name }) => name.endsWith(place.id));
  expect(server?.running).toBe(true);
  await places.drop(place);
  expect(await places.reset(place)).toBe(false);
  expect((await findPlaceServers(network)).map(({ name }) => name)).not.toContain(server?.name);
});

test('a sweep of servers leaves those of a living broker, and takes those of a dead one', async () => {
  const { running } = points;
  const place = await points.places.make();
  expect(await qdrant.sweep(running, isThis)).toBe(0);
  expect(await points.places.verify(place)).toEqual([]);
  const isKept = (_: unknown, id: string) => id !== place.id;
  expect(await qdrant.sweep(running, isKept)).toBe(1);
  await points.places.drop(place);
});
