import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type ParentName,
  parentFacts,
  parentKeys,
  type RowRules,
  rowRules,
} from '../../sandbox/dataset/check/row-rules.ts';
import type { EntityKeys, EntityRows, KeyedEntity } from '../../sandbox/engines/contract/isolation.ts';
import type { EngineName } from '../../sandbox/engines/engine-names.ts';
import type { Given } from '../../sandbox/harness/given/given.ts';
import { givenBy } from '../../sandbox/harness/given/load-given.ts';
import { refuseDangling, refuseDoubled } from '../../sandbox/harness/given/refuse-rows.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import type { Entities, EntityName, User } from '../../seeds/entities.ts';
import { seed, seedText } from '../support/seed.ts';

/** Keeps what is written, in the order of writing. */
function recorded(): { readonly given: Given; readonly written: EntityRows[] } {
  const written: EntityRows[] = [];
  return { given: givenBy(async (rows) => void written.push(rows)), written };
}

const rowsOf = <Name extends EntityName>(written: readonly EntityRows[], name: Name): readonly Entities[Name][] =>
  written.flatMap((rows) => (rows[name] ?? []) as readonly Entities[Name][]);

/** What breaks the rules between rows that files of rows are held to: unique keys, references, one of each, same levels. */
function brokenRules(written: readonly EntityRows[]): readonly string[] {
  const names = Object.keys(rowRules) as EntityName[];
  return names.flatMap((name) => {
    const rules = rowRules[name] as unknown as RowRules<Record<string, unknown>>;
    const rows = rowsOf(written, name) as unknown as Record<string, unknown>[];
    const doubled = rules.unique.filter(
      (fields) => new Set(rows.map((row) => JSON.stringify(fields.map((field) => row[field])))).size < rows.length,
    );
    const dangling = rows.flatMap((row) =>
      rules.references(row).filter(({ to, key, fact }) => {
        const parent = (rowsOf(written, to) as never[]).find((each) => parentKeys[to](each) === key);
        return parent === undefined || (fact !== undefined && !parentFacts[to](parent).includes(fact.text));
      }),
    );
    const { oneOfEach } = rules;
    const keys =
      oneOfEach && rowsOf(written, oneOfEach.of).map((row) => parentKeys[oneOfEach.of as ParentName](row as never));
    const lacking =
      keys?.filter((key) => !rows.some((row) => row[oneOfEach?.field ?? ''] === oneOfEach?.named(key))) ?? [];
    return [...doubled, ...dangling, ...lacking].map((what) => `${name}: ${JSON.stringify(what)}`);
  });
}

test('each thing comes with all rows that its stores keep of it, by the rules of files of rows', async () => {
  const { given, written } = recorded();
  const user = await given.user({ username: 'ada', levels: { silicon: 3 } });
  expect(user).toMatchObject({ username: 'ada', levels: { silicon: 3, consciousness: 1, thinking: 1 } });
  const content = await given.content({ userId: user.id });
  expect(content).toMatchObject({ userId: user.id, siliconLevel: 3 });
  await given.conversation({ userId: user.id });
  const others = [await given.content(), await given.conversation()].map(({ userId }) => userId);
  expect(new Set([...others, user.id]).size).toBe(3);
  const concept = await given.concept({ name: 'of the test' });
  const about = [{ concept: concept.name, relevance: 0.5 }];
  expect(await given.knowledge({ about })).toMatchObject({ about });
  await given.knowledge();
  expect(brokenRules(written)).toEqual([]);
  expect(
    Object.fromEntries((Object.keys(rowRules) as EntityName[]).map((name) => [name, rowsOf(written, name).length])),
  ).toMatchObject({
    users: 3,
    userVectors: 3,
    cacheEntries: 3,
    contents: 2,
    conversations: 2,
    concepts: 2,
    knowledge: 2,
    knowledgeVectors: 2,
  });
});

test('the control: rows that disagree break the rules', async () => {
  const { given, written } = recorded();
  const user = await given.user();
  const other: User = { ...user, levels: { ...user.levels, silicon: 5 } };
  expect(brokenRules([{ ...written[0], users: [other] }])).toHaveLength(2);
  expect(brokenRules([{ ...written[0], userVectors: [] }])).toHaveLength(1);
  expect(brokenRules([...written, ...written]).length).toBeGreaterThan(0);
});

test('what is given is the same in every run, and none of the dataset', async () => {
  const [first, second] = [recorded(), recorded()];
  for (const { given } of [first, second]) {
    for (const _ of [1, 2]) await Promise.all([given.user(), given.content(), given.knowledge()]);
  }
  expect(first.written).toEqual(second.written);
  const dataset = createDataset({ size: 'small', workers: 0 });
  for (const name of ['users', 'contents', 'concepts', 'knowledge'] as const) {
    const { unique } = rowRules[name] as unknown as RowRules<Record<string, unknown>>;
    const there = new Set<unknown>();
    for await (const rows of dataset.batches(name)) {
      for (const row of rows as readonly object[]) for (const key of keysOf(row, unique)) there.add(key);
    }
    const own = rowsOf(first.written, name).flatMap((row) => keysOf(row, unique));
    expect(
      own.filter((key) => there.has(key)),
      name,
    ).toEqual([]);
  }
});

/** Values of the keys that are unique alone. */
function keysOf(row: object, unique: readonly (readonly string[])[]): readonly unknown[] {
  return unique.map(([field = '']) => (row as Readonly<Record<string, unknown>>)[field]);
}

const level = fc.integer({ min: 0, max: 5 });
const levels = fc.record({ silicon: level, consciousness: level, thinking: level }, { requiredKeys: [] });
const noLevel = fc.oneof(
  fc.integer({ min: 6 }),
  fc.integer({ max: -1 }),
  fc.double({ noInteger: true }),
  fc.constantFrom(null, '3', true, [], {}),
);
const axis = fc.constantFrom('silicon', 'consciousness', 'thinking');

test(`users of any levels keep the rules, ${seedText}`, async () => {
  const users = fc.array(fc.record({ levels, status: fc.constantFrom('active', 'suspended') }, { requiredKeys: [] }), {
    minLength: 1,
    maxLength: 5,
  });
  await fc.assert(
    fc.asyncProperty(users, async (asked) => {
      const { given, written } = recorded();
      for (const each of asked) {
        const user = await given.user(each as Parameters<Given['user']>[0]);
        expect(user).toMatchObject(JSON.parse(JSON.stringify(each)));
      }
      expect(brokenRules(written)).toEqual([]);
    }),
    { seed, numRuns: 30 },
  );
});

test(`a level that is none of 0 to 5 is refused before anything is written, ${seedText}`, async () => {
  await fc.assert(
    fc.asyncProperty(axis, noLevel, async (name, value) => {
      const { given, written } = recorded();
      const asked: readonly Promise<unknown>[] = [
        given.user({ levels: { [name]: value as number } }),
        given.content({ siliconLevel: value as number }),
        given.concept({ siliconLevel: value as number }),
        given.knowledge({ siliconLevel: value as number }),
      ];
      for (const each of asked) await expect(each).rejects.toMatchObject({ code: 'BAD_OPTION' });
      expect(written).toEqual([]);
    }),
    { seed, numRuns: 60 },
  );
});

test.each<[string, (given: Given) => Promise<unknown>]>([
  ['a field that there is none of', (given) => given.user({ nickname: 'ada' } as object)],
  ['an axis that there is none of', (given) => given.user({ levels: { carbon: 1 } as object })],
  ['levels that are none', (given) => given.user({ levels: 3 as never })],
  ['an id that is no UUID', (given) => given.user({ id: '17' })],
  ['no user', (given) => given.content({ userId: null as never })],
  ['a time that is none', (given) => given.user({ createdAt: new Date(Number.NaN) })],
  [
    'a time that is none, within',
    (given) =>
      given.conversation({ messages: [{ role: 'user', content: '', timestamp: new Date(Number.NaN), metadata: {} }] }),
  ],
  ['a text that PostgreSQL cannot store', (given) => given.user({ fullName: 'a\0b' })],
  ['knowledge about nothing', (given) => given.knowledge({ about: [] })],
  ['a kind that there is none of', (given) => given.content({ contentType: 'poem' as never })],
])('%s is refused before anything is written', async (_what, ask) => {
  const { given, written } = recorded();
  await expect(ask(given)).rejects.toMatchObject({
    code: 'BAD_OPTION',
    message: expect.stringMatching(/cannot be given/),
  });
  expect(written).toEqual([]);
});

/** Stores that keep these, beside the test's own. */
const storeWith = (engine: EngineName, held: EntityKeys) => ({
  engine,
  heldKeys: async (keys: EntityKeys): Promise<EntityKeys> =>
    Object.fromEntries(
      Object.entries(keys).flatMap(([kind, wanted]) => {
        const there = held[kind as KeyedEntity];
        return there === undefined ? [] : [[kind, wanted.filter((key) => there.includes(key))]];
      }),
    ),
});

test('what a store has already is refused by its name, and what none of those has that keep such', async () => {
  const { given, written } = recorded();
  const user = await given.user();
  await given.content({ userId: user.id });
  await given.knowledge({ about: [{ concept: 'of the dataset', relevance: 1 }] });
  const [userRows = {}, contentRows = {}, knowledgeRows = {}] = written;
  const empty = storeWith('postgresql', { users: [] });
  const graph = storeWith('neo4j', { users: [user.id], concepts: [] });
  const mongodb = storeWith('mongodb', { contents: [] });
  await refuseDoubled([empty, mongodb], userRows);
  await expect(refuseDoubled([empty, graph], userRows)).rejects.toMatchObject({
    code: 'GIVEN_REFUSED',
    engine: 'neo4j',
    message: expect.stringContaining(user.id),
  });
  // One of several that keep users has it: somebody has written it there.
  await refuseDangling([empty, graph, mongodb], contentRows);
  await refuseDangling([mongodb], contentRows);
  await expect(refuseDangling([empty, mongodb], contentRows)).rejects.toMatchObject({
    code: 'GIVEN_REFUSED',
    message: expect.stringMatching(/the user .* that this refers to/),
  });
  await expect(refuseDangling([graph], knowledgeRows)).rejects.toMatchObject({ code: 'GIVEN_REFUSED' });
  await refuseDangling([storeWith('neo4j', { concepts: ['of the dataset'] })], knowledgeRows);
});

test.each([null, 'ada', 3, [], [{ username: 'ada' }], () => ({})])(
  '%j has no fields that a test could be given',
  async (asked) => {
    const { given, written } = recorded();
    for (const give of Object.values(given) as ((fields: unknown) => Promise<unknown>)[]) {
      await expect(give(asked)).rejects.toMatchObject({ code: 'BAD_OPTION' });
    }
    expect(written).toEqual([]);
  },
);
