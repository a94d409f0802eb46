import type { Driver } from 'neo4j-driver';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { thisProcess } from '../../../sandbox/containers/runtime/owner.ts';
import type { Place, Places } from '../../../sandbox/engines/contract/isolation.ts';
import type { Connection } from '../../../sandbox/engines/contract/topology.ts';
import { isolation } from '../../../sandbox/engines/neo4j/isolation/isolation.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { seedText } from '../../support/seed.ts';
import { neo4jEdits } from '../support/place-edits.ts';
import { expectAnyPutRight, expectEachPutRight } from '../support/put-right.ts';

let stack: Stack<'neo4j'>;
let places: Places;
let place: Place;
let own: Connection<Driver> | undefined;

beforeAll(async () => {
  const size = { users: 20, contents: 30, conversations: 20, concepts: 219, knowledge: 12 };
  stack = await createStack({ engines: ['neo4j'], size, connect: true });
  places = await isolation.open(stack.engines.neo4j, { owner: thisProcess() });
});
// One for all of them, but for who comes after the test that makes it unusable.
beforeEach(async () => {
  if (own !== undefined) return;
  place = await places.make();
  own = await isolation.connect(place);
});
afterAll(async () => {
  await own?.[Symbol.asyncDispose]();
  await places?.[Symbol.asyncDispose]();
  await stack?.dispose();
});

const client = () => (own as Connection<Driver>).client;

const counts = 'MATCH (n) WITH count(n) AS nodes OPTIONAL MATCH ()-[r]->() RETURN nodes, count(r) AS relationships';

test('a place holds what the stack holds', async () => {
  expect(await places.verify(place)).toEqual([]);
  const read = async (driver: Driver) => (await driver.executeQuery(counts)).records[0]?.toObject();
  expect(await read(client())).toEqual(await read(stack.clients.neo4j));
});

test('whatever a test does to its graph is put right', async () => {
  await expectEachPutRight({ places, place, beside: place, client: client(), edits: neo4jEdits });
});

test(`whatever a test does to its graph in any order is put right, ${seedText}`, async () => {
  await expectAnyPutRight({ places, place, beside: place, client: client(), edits: neo4jEdits }, 3);
});

test('an open transaction is ended by the reset, and a user goes', async () => {
  const session = client().session();
  try {
    const transaction = session.beginTransaction();
    await transaction.run('CREATE (:Hanging)');
    const statement = "CREATE USER bob SET PASSWORD 'a password' CHANGE NOT REQUIRED";
    await client().executeQuery(statement, {}, { database: 'system' });
    expect(await places.verify(place)).toEqual(['user bob was added']);
    expect(await places.reset(place)).toBe(true);
    await expect(transaction.commit()).rejects.toThrow();
  } finally {
    await session.close();
  }
  expect(await places.verify(place)).toEqual([]);
});

describe('a place that is no good any more', () => {
  test('a place whose password a test has let expire is told, and one whose password it has changed is replaced', async () => {
    const { NEO4J_PASSWORD: old } = place.environment;
    const expire = 'ALTER USER neo4j SET PASSWORD CHANGE REQUIRED';
    await client().executeQuery(expire, {}, { database: 'system' });
    // Sessions that are open go on: the next test alone would be let in no more.
    expect(await places.verify(place)).toEqual(['its password has to be changed']);
    const statement = "ALTER CURRENT USER SET PASSWORD FROM $old TO 'another password'";
    await client().executeQuery(statement, { old }, { database: 'system' });
    await own?.[Symbol.asyncDispose]();
    own = undefined;
    expect(await places.reset(place)).toBe(false);
    expect(await isolation.sweep(stack.engines.neo4j, () => false)).toBe(0);
  });
});
