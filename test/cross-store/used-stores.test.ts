import fc from 'fast-check';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { checkUsedStores } from '../../sandbox/cross-store/check-used-stores.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import { defaultEngines } from '../../sandbox/engines/engine-names.ts';
import { openPrimary } from '../../sandbox/engines/postgresql/server/connection.ts';
import { colorsFor } from '../../sandbox/report/colors.ts';
import { formatCrossStore } from '../../sandbox/report/stack/cross-store-text.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import type { Dataset } from '../../seeds/dataset.ts';
import { seed, seedText } from '../support/seed.ts';
import { type Whole, wholeEngines } from '../support/whole-engines.ts';
import { everyPlace, type Key, type Place } from './support/places.ts';

// Some of them start the five engines first.
vi.setConfig({ testTimeout: 300_000 });

/** Every kind of thing, and few of each: what counts is how they are told apart. */
const size = { users: 212, contents: 300, conversations: 200, knowledge: 150 };

let stack: Stack | undefined;
let engines: readonly Whole[];
let running: ReadonlyMap<string, RunningEngine>;
let dataset: Dataset;
let places: readonly Place[];

/** Stores as they were loaded, but for what a service has of its own. */
async function untouchedStack(): Promise<Stack> {
  const known = await knownStack();
  if (done.size === 0) return known;
  const report = { advance: () => {}, summarise: () => {} };
  await Promise.all(engines.map(({ name, data }) => data.load(known.engines[name], dataset, report)));
  done.clear();
  return known;
}

/** Stores whose edits, if there are any, are those of `done`. */
async function knownStack(): Promise<Stack> {
  if (stack !== undefined) return stack;
  done.clear();
  [engines, stack] = await Promise.all([wholeEngines(defaultEngines), createStack({ size })]);
  running = new Map(Object.entries(stack.engines));
  dataset = stack.dataset as Dataset;
  places = await everyPlace(stack, dataset);
  return stack;
}

afterAll(() => stack?.dispose());

const check = (strict = false) => checkUsedStores(engines, running, dataset, { strict });
const nameOf = ({ store, holding }: Pick<Place, 'store' | 'holding'>) => `${store} ${holding}`;

/** What was done to the stores so far, place by place: keys and what became of them. */
const done = new Map<string, { added: number; readonly rows: Map<string, 'changed' | 'removed'> }>();

function doneIn(place: string) {
  const there = done.get(place) ?? { added: 0, rows: new Map() };
  done.set(place, there);
  return there;
}

function expectedCounts() {
  return Object.fromEntries(
    places.map((place) => {
      const { added, rows } = done.get(nameOf(place)) ?? { added: 0, rows: new Map() };
      const count = (what: string) => [...rows.values()].filter((each) => each === what).length;
      return [nameOf(place), { added, changed: count('changed'), removed: count('removed') }];
    }),
  );
}

let namesGiven = 0;

/** Does one thing to a row that nobody has touched yet; nothing where there is none left. */
async function edit(place: Place, what: 'add' | 'change' | 'remove', pick: number): Promise<void> {
  const { rows } = doneIn(nameOf(place));
  const left = place.keys.filter((key) => !rows.has(key.join(' ')));
  const key = left[pick % left.length];
  const change = place.changes[pick % place.changes.length];
  if (what === 'add' || key === undefined) {
    namesGiven += 1;
    await place.add(`added-${namesGiven}`);
    doneIn(nameOf(place)).added += 1;
    return;
  }
  if (what === 'change' && change !== undefined) {
    await change(key);
    rows.set(key.join(' '), 'changed');
    return;
  }
  await place.remove(key);
  for (const also of [{ place: nameOf(place), key }, ...(place.goesAlong?.(key) ?? [])]) {
    doneIn(also.place).rows.set((also.key as Key).join(' '), 'removed');
  }
}

async function counts(strict = false) {
  const report = await check(strict);
  const kinds = report.changes?.kinds ?? [];
  return {
    report,
    byPlace: Object.fromEntries(
      kinds.map((kind) => [nameOf(kind), { added: kind.added, changed: kind.changed, removed: kind.removed }]),
    ),
  };
}

test('right after the load nothing of any place is added, changed or removed, strictly or not', async () => {
  await untouchedStack();
  for (const strict of [false, true]) {
    const { report, byPlace } = await counts(strict);
    expect(byPlace).toEqual(expectedCounts());
    expect(report).toMatchObject({ ok: true, differences: [], changes: { added: 0, changed: 0, removed: 0 } });
  }
});

test("a service's own tables, columns, fields, properties, keys and indexes are no change", async () => {
  const { clients, engines: own } = await untouchedStack();
  await using users = await openPrimary(own.postgresql, { database: 'taishang_users' });
  await users.client.query(
    `CREATE TABLE orders (id serial PRIMARY KEY, user_id uuid REFERENCES users (id) ON DELETE CASCADE);
     INSERT INTO orders (user_id) SELECT id FROM users LIMIT 3;
     ALTER TABLE users ADD COLUMN nickname text DEFAULT 'none';
     CREATE INDEX ON users (full_name)`,
  );
  const contents = clients.mongodb.db('taishang_content').collection('user_contents');
  await contents.updateMany({ content_type: 'note' }, { $set: { likes: 3 } });
  await clients.mongodb.db('taishang_content').collection('orders').insertOne({ of: 'a service' });
  await clients.neo4j.executeQuery('MATCH (u:User) SET u.nickname = $name CREATE (:Order)-[:OF]->(u)', {
    name: 'none',
  });
  await clients.redis.set('orders:1', 'paid');
  await clients.qdrant.createCollection('orders', { vectors: { size: 4, distance: 'Cosine' } });
  expect((await counts(true)).report).toMatchObject({ ok: true, differences: [] });
});

const editing = fc.array(
  fc.record({
    place: fc.nat({ max: 10_000 }),
    what: fc.constantFrom('add' as const, 'change' as const, 'remove' as const),
    pick: fc.nat({ max: 10_000 }),
  }),
  { minLength: 8, maxLength: 30 },
);

test(`whatever services add, change and remove is counted, in whichever store, and fails nothing (${seedText})`, async () => {
  await knownStack();
  const property = fc.asyncProperty(editing, async (edits) => {
    for (const { place, what, pick } of edits) await edit(places[place % places.length] as Place, what, pick);
    const { report, byPlace } = await counts();
    expect(byPlace).toEqual(expectedCounts());
    expect(report).toMatchObject({ ok: true, differences: [] });
  });
  // One stack is worked with on and on: an edit less would be another story.
  await fc.assert(property, { seed, numRuns: 4, endOnFailure: true });
});

test('every place of every store has all three of them, and the strict check finds the same', async () => {
  await knownStack();
  for (const [index, place] of places.entries()) {
    for (const what of ['add', 'change', 'remove'] as const) await edit(place, what, index * 7);
  }
  const { report, byPlace } = await counts(true);
  expect(byPlace).toEqual(expectedCounts());
  const planted = Object.values(expectedCounts()).reduce(
    (sum, { added, changed, removed }) => sum + added + changed + removed,
    0,
  );
  expect(report.ok).toBe(false);
  expect(report.checks.reduce((sum, { differences }) => sum + differences, 0)).toBe(planted);
  expect(report.differences.length).toBeGreaterThan(0);
  expect((await check()).ok).toBe(true);
});

describe('what was emptied', () => {
  test('is counted as removed, and said with how to bring it back', async () => {
    const emptiedStack = await knownStack();
    // Whoever comes next needs another one.
    await using _ = { [Symbol.asyncDispose]: () => emptiedStack.dispose() };
    stack = undefined;
    const { clients } = emptiedStack;
    await using users = await openPrimary(emptiedStack.engines.postgresql, { database: 'taishang_users' });
    await users.client.query('DROP TABLE IF EXISTS orders; TRUNCATE users CASCADE; DROP TABLE user_sessions');
    await users.client.query('ALTER TABLE user_permissions DROP COLUMN resource_type');
    await using data = await openPrimary(emptiedStack.engines.postgresql, { database: 'postgres' });
    await data.client.query('DROP DATABASE taishang_data WITH (FORCE)');
    await clients.mongodb.db('taishang_content').dropCollection('user_contents');
    await clients.redis.flushall();
    await clients.qdrant.deleteCollection('user_vectors');
    await clients.neo4j.executeQuery('MATCH ()-[r:LEARNED]->() DELETE r');
    const { report, byPlace } = await counts();
    expect(report.ok).toBe(true);
    const seeded = new Map(report.changes?.kinds.map((kind) => [nameOf(kind), kind.seeded]));
    const emptied = [
      'postgresql users',
      'postgresql user_sessions',
      'postgresql user_permissions',
      'postgresql user_locations',
      'mongodb user_contents',
      'redis user',
      'redis conversation',
      'qdrant user_vectors',
      'neo4j LEARNED',
    ];
    for (const place of emptied) expect([place, byPlace[place]?.removed]).toEqual([place, seeded.get(place)]);
    const text = formatCrossStore(report, colorsFor({}, {}));
    expect(text).toMatch(/ {2}qdrant: .*212 vectors of users removed since it was seeded/);
    expect(text).toMatch(
      /since it was seeded; `npm run sandbox -- seed --reset` brings the data back and DELETES what was added\n$/,
    );
  });
});
