import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';
import { differenceOf, pendingOf, withoutMigrated } from '../../sandbox/stack/migrate/differences.ts';
import { filesBelow } from '../../sandbox/stack/migrate/files-below.ts';
import { checkMigrations, type Migrations } from '../../sandbox/stack/migrate/migrations.ts';
import { compareNames } from '../../sandbox/stack/migrate/name-order.ts';
import { type MigrationPlan, migrationsDigest, readPlans } from '../../sandbox/stack/migrate/read-plans.ts';
import { afterRestore, type Migrated, nothingMigrated } from '../../sandbox/stack/state/migrated.ts';
import { seed, seedText } from '../support/seed.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taishang-migrations-'));
});

afterEach(() => rm(folder, { recursive: true }));

async function write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

async function plansOf(migrations: Migrations) {
  return readPlans(migrations, await loadEngines(['postgresql', 'mongodb', 'neo4j', 'redis', 'qdrant']), folder);
}

async function planOf(files: Readonly<Record<string, string>>): Promise<MigrationPlan> {
  await rm(join(folder, 'db'), { recursive: true, force: true });
  await write(Object.fromEntries(Object.entries(files).map(([name, text]) => [`db/${name}`, text])));
  return (await plansOf({ postgresql: { folder: 'db' } })).get('postgresql') as MigrationPlan;
}

const namesOf = (plan: MigrationPlan) => plan.files.map(({ name }) => name);

describe('the order of names', () => {
  test('counts numbers as numbers, and is that of the alphabet otherwise', () => {
    const names = ['10_b.sql', 'a.sql', '9_c.sql', '1_z.sql', '01_z.sql', '20260101_x.sql', 'B.sql', '2_a.sql'];
    const inOrder = ['01_z.sql', '1_z.sql', '2_a.sql', '9_c.sql', '10_b.sql', '20260101_x.sql', 'B.sql', 'a.sql'];
    expect(names.toSorted(compareNames)).toEqual(inOrder);
  });

  test(`is the same from whatever order they come in, and tells all of them apart (${seedText})`, () => {
    const parts = fc.constantFrom(
      '0',
      '1',
      '01',
      '2',
      '10',
      '9007199254740993',
      '9007199254740992',
      'a',
      'B',
      '_',
      'é',
      '.',
    );
    const name = fc.array(parts, { maxLength: 6 }).map((some) => some.join(''));
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 12 }), fc.infiniteStream(fc.nat()), (names, numbers) => {
        const shuffled = names.toSorted(() => ((numbers.next().value ?? 0) % 3) - 1);
        expect(shuffled.toSorted(compareNames)).toEqual(names.toSorted(compareNames));
        for (const one of names)
          for (const other of names) {
            expect(Math.sign(compareNames(one, other)) + Math.sign(compareNames(other, one))).toBe(0);
            expect(compareNames(one, other) === 0).toBe(one === other);
          }
      }),
      { seed },
    );
  });
});

describe('a folder', () => {
  test('gives the files that the engine takes, without what takes back, hidden files and documents', async () => {
    const plan = await planOf({
      '2_b.sql': 'select 2',
      '10_c.sql': 'select 10',
      '1_a.up.sql': 'select 1',
      '1_a.down.sql': 'drop table a',
      '.hidden.sql': '',
      'README.md': '',
      'meta/_journal.json': '{}',
    });
    expect(namesOf(plan)).toEqual(['1_a.up.sql', '2_b.sql', '10_c.sql']);
    expect(plan.files[0]).toMatchObject({
      shown: 'db/1_a.up.sql',
      path: join(folder, 'db/1_a.up.sql'),
      text: 'select 1',
    });
  });

  test('a file is another one when its text is, and not when its lines end otherwise', async () => {
    const [one, same, other] = [
      await planOf({ '1.sql': 'select 1;\nselect 2;\n' }),
      await planOf({ '1.sql': '\uFEFFselect 1;\r\nselect 2;\r\n' }),
      await planOf({ '1.sql': 'select 1;\nselect 3;\n' }),
    ].map(({ files }) => files[0]?.hash);
    expect(same).toBe(one);
    expect(other).not.toBe(one);
  });

  test.each([
    ['is not there', {}, { folder: 'nowhere' }, /nowhere: the folder cannot be read/],
    ['has nothing of the kind', { 'db/README.md': '' }, { folder: 'db' }, /no file that PostgreSQL takes \(\.sql\)/],
    [
      'has programs of another engine',
      { 'db/1.sql': '', 'db/2.js': '' },
      { folder: 'db' },
      /db\/2\.js: PostgreSQL takes \.sql/,
    ],
    [
      'is of a tool that has both ways in one',
      { 'db/1.sql': '-- migrate:up\nx\n-- migrate:down\ny' },
      { folder: 'db' },
      /takes it back/,
    ],
    [
      'is there, and its seed is not',
      { 'db/1.sql': '' },
      { folder: 'db', seed: 'seed.sql' },
      /seed\.sql cannot be read/,
    ],
    [
      'is there, and its seed is of another kind',
      { 'db/1.sql': '', 'seed.js': '' },
      { folder: 'db', seed: 'seed.js' },
      /seed\.js: PostgreSQL takes \.sql/,
    ],
    [
      'that a command reads is not there',
      {},
      { folder: 'nowhere', command: ['true'] },
      /nowhere: the folder cannot be read/,
    ],
    [
      'has a file whose ending is in capitals',
      { 'db/1.sql': '', 'db/2.SQL': '' },
      { folder: 'db' },
      /db\/2\.SQL: PostgreSQL takes \.sql/,
    ],
    ...(['utf16le', 'latin1'] as const).map((encoding) => [
      `has a file in ${encoding}`,
      { 'db/1.sql': Buffer.from("SELECT 'é'", encoding) },
      { folder: 'db' },
      /db\/1\.sql is not text in UTF-8/,
    ]),
    [
      'is there, and its seed is in UTF-16 with its mark',
      { 'db/1.sql': '', 'seed.sql': Buffer.from('\uFEFFSELECT 1', 'utf16le') },
      { folder: 'db', seed: 'seed.sql' },
      /seed\.sql is not text in UTF-8/,
    ],
  ] as [string, Readonly<Record<string, string | Uint8Array>>, NonNullable<Migrations['postgresql']>, RegExp][])(
    'is refused where it %s',
    async (_, files, postgresql, message) => {
      await write(files);
      await expect(plansOf({ postgresql })).rejects.toMatchObject({
        code: 'BAD_OPTION',
        message: expect.stringMatching(message),
      });
    },
  );

  test.each([
    ['is on no PATH', ['no-such-tool', 'up'], /`no-such-tool` is in no folder of PATH/, /\[npx, no-such-tool, up\]/],
    ['is one word with its arguments', ['npx knex'], /is the name of no program/, /`\[npx, knex\]`/],
    ['may not be executed', ['./db/1.sql'], /`\.\/db\/1\.sql` is no file that may be executed/, /its mode/],
    ['is a folder', ['./db'], /`\.\/db` is no file that may be executed/, /its mode/],
  ])('is refused where the program that reads it %s', async (_, command, message, next) => {
    await write({ 'db/1.sql': '' });
    await expect(plansOf({ postgresql: { folder: 'db', command } })).rejects.toMatchObject({
      code: 'BAD_OPTION',
      engine: 'postgresql',
      message: expect.stringMatching(message),
      next: expect.stringMatching(next),
    });
  });

  test('is read by a program of PATH, or by one of the project', async () => {
    await write({ 'db/1.sql': '', 'tools/migrate': '#!/bin/sh' });
    await chmod(join(folder, 'tools/migrate'), 0o700);
    for (const command of [['sh'], [process.execPath], ['tools/migrate', 'up'], ['./tools/migrate']]) {
      const plan = (await plansOf({ postgresql: { folder: 'db', command } })).get('postgresql');
      expect(plan).toMatchObject({ files: [], command: { words: command } });
    }
  });

  test('is read for each engine in its own way', async () => {
    await write({ 'a/1.js': '', 'b/1.cypher': '', 'c/1.mjs': '', 'd/1.cjs': '' });
    const plans = await plansOf({
      mongodb: { folder: 'a' },
      neo4j: { folder: 'b' },
      redis: { folder: 'c' },
      qdrant: { folder: 'd', platformSchema: false },
    });
    expect([...plans].map(([name, plan]) => [name, namesOf(plan), plan.platformSchema])).toEqual([
      ['mongodb', ['1.js'], true],
      ['neo4j', ['1.cypher'], true],
      ['redis', ['1.mjs'], true],
      ['qdrant', ['1.cjs'], false],
    ]);
  });
});

describe('what is configured', () => {
  test.each([
    [[], /mapping by engine/],
    [{ postgresql: 'db' }, /migrations\.postgresql: a mapping/],
    [{ postgresql: {} }, /neither a folder nor a seed/],
    [{ postgresql: { folder: '' } }, /folder: a path/],
    [{ postgresql: { folders: 'db' } }, /no `folders`/],
    [{ postgresql: { command: ['npx'] } }, /needs the folder/],
    [{ postgresql: { folder: 'db', command: 'npx knex' } }, /list of words/],
    [{ postgresql: { folder: 'db', command: [] } }, /list of words/],
    [{ postgresql: { folder: 'db', command: ['npx', 1] } }, /list of words/],
    [{ postgresql: { folder: 'db', platformSchema: 'no' } }, /true or false/],
    [{ postgresql: { folder: 'db', seed: 1 } }, /seed: a path/],
  ])('%j is refused', (given, message) => {
    expect(() => checkMigrations(given, 'migrations')).toThrow(
      expect.objectContaining({ code: 'BAD_OPTION', message: expect.stringMatching(message) }),
    );
  });

  test('an engine that does not exist is named', () => {
    expect(() => checkMigrations({ postgres: { folder: 'db' } }, 'migrations')).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_ENGINE', message: expect.stringContaining('`postgres`') }),
    );
  });

  test('its digest is another one after every change of what it names, and of engines that are not there it says nothing', async () => {
    await write({ 'db/1.sql': 'one', 'db/deep/more.txt': 'more', 'seed.sql': 'seed' });
    const given: Migrations = { postgresql: { folder: 'db', seed: 'seed.sql' }, redis: { folder: 'nowhere' } };
    const digest = (migrations = given) => migrationsDigest(migrations, ['postgresql'], folder);
    expect(await migrationsDigest(given, ['mongodb'], folder)).toBeUndefined();
    expect(await migrationsDigest({}, ['postgresql'], folder)).toBeUndefined();
    const seen = new Set([await digest()]);
    expect(await digest()).toBe([...seen][0]);
    const changes: Readonly<Record<string, string>>[] = [
      { 'db/1.sql': 'other' },
      { 'db/2.sql': '' },
      { 'db/deep/more.txt': 'less' },
      { 'seed.sql': 'another' },
    ];
    for (const [index, change] of changes.entries()) {
      await write(change);
      seen.add(await digest());
      expect(seen.size).toBe(index + 2);
    }
    seen.add(await digest({ postgresql: { folder: 'db', seed: 'seed.sql', platformSchema: false } }));
    seen.add(await digest({ postgresql: { folder: 'db', seed: async () => 1 } }));
    seen.add(await digest({ postgresql: { folder: 'db', seed: async () => 2 } }));
    expect(seen.size).toBe(changes.length + 4);
  });
});

test('what a link in a folder leads to is of the folder, however links lead back', async () => {
  await write({ 'db/1.sql': '', 'shared/deep/2.js': 'one', 'shared/.hidden': '' });
  await symlink('../shared', join(folder, 'db/shared'));
  await symlink('../../db', join(folder, 'shared/deep/back'));
  await symlink('nowhere', join(folder, 'db/dangling'));
  const paths = async () => (await filesBelow(join(folder, 'db'), 'db')).map(([path]) => path);
  expect(await paths()).toEqual(['1.sql', 'dangling', 'shared/deep/2.js']);
  const digest = () => migrationsDigest({ postgresql: { folder: 'db', command: ['true'] } }, ['postgresql'], folder);
  const before = await digest();
  await write({ 'shared/deep/2.js': 'other' });
  expect(await digest()).not.toBe(before);
});

/** What is remembered once a plan was carried out. */
function done(plan: MigrationPlan): Migrated {
  const { platformSchema, files, command, seed: own } = plan;
  return {
    ...nothingMigrated,
    platformSchema,
    applied: files.map(({ name, hash }) => ({ name, hash })),
    ...(command === undefined ? {} : { command: command.hash }),
    ...(own === undefined ? {} : { seed: own.hash }),
  };
}

describe('a store that was migrated', () => {
  const furnished = { wasFurnished: true };
  const files = { '1.sql': 'a', '2.sql': 'b', '5.sql': 'c' };

  test('goes on with what is new at the end, and has nothing to do where nothing is', async () => {
    const before = await planOf(files);
    expect(differenceOf(undefined, before, furnished)).toBeUndefined();
    expect(pendingOf(undefined, before)?.files).toHaveLength(3);
    expect(pendingOf(done(before), before)).toBeUndefined();
    const after = await planOf({ ...files, '10.sql': 'd' });
    expect(differenceOf(done(before), after, furnished)).toBeUndefined();
    expect(pendingOf(done(before), after)?.files.map(({ name }) => name)).toEqual(['10.sql']);
  });

  test.each<[string, Readonly<Record<string, string>>, RegExp]>([
    ['changed', { ...files, '2.sql': 'other' }, /db\/2\.sql has changed since it was applied/],
    ['gone', { '1.sql': 'a', '5.sql': 'c' }, /2\.sql was applied and is gone/],
    ['new, and before one that was applied', { ...files, '3.sql': 'x' }, /db\/3\.sql comes before 5\.sql/],
  ])('is refused where a file is %s', async (_, now, message) => {
    const before = done(await planOf(files));
    expect(differenceOf(before, await planOf(now), furnished)).toMatch(message);
  });

  test('is refused where something was begun and not finished, whatever is wanted now', async () => {
    const plan = await planOf(files);
    const begun = { ...done(plan), pending: 'db/5.sql' };
    expect(differenceOf(begun, plan, furnished)).toBe('db/5.sql was begun and not finished');
    expect(differenceOf(begun, undefined, furnished)).toBe('db/5.sql was begun and not finished');
  });

  test("is refused where the platform's schema is to come or go, unless it is new", async () => {
    const plan = await planOf(files);
    const alone = { ...plan, platformSchema: false };
    expect(differenceOf(undefined, alone, { wasFurnished: false })).toBeUndefined();
    expect(differenceOf(undefined, alone, furnished)).toMatch(/has the platform's schema/);
    expect(differenceOf(done(plan), alone, furnished)).toMatch(/has the platform's schema/);
    expect(differenceOf(done(alone), plan, furnished)).toMatch(/without the platform's schema/);
    expect(differenceOf(done(alone), undefined, furnished)).toMatch(/without the platform's schema/);
    expect(differenceOf(done(plan), undefined, furnished)).toBeUndefined();
  });

  test('has its seed once: another one, or none any more, is refused', async () => {
    await write({ 'db/1.sql': 'a', 'seed.sql': 'one' });
    const read = async (own?: Migrations['postgresql']) =>
      (await plansOf({ postgresql: { folder: 'db', ...own } })).get('postgresql') as MigrationPlan;
    const [without, seeded] = [await read(), await read({ seed: 'seed.sql' })];
    expect(pendingOf(done(without), seeded)).toMatchObject({ files: [], seed: { shown: 'seed.sql' } });
    expect(pendingOf(done(seeded), seeded)).toBeUndefined();
    await write({ 'seed.sql': 'other' });
    expect(differenceOf(done(seeded), await read({ seed: 'seed.sql' }), furnished)).toMatch(/seed\.sql has changed/);
    expect(differenceOf(done(seeded), without, furnished)).toMatch(/seed was run and is gone/);
  });

  test('by a command has it run again where what that reads has changed, and is not refused', async () => {
    await write({ 'db/1.ts': 'a' });
    const read = async (...command: readonly string[]) =>
      (await plansOf({ postgresql: { folder: 'db', command } })).get('postgresql') as MigrationPlan;
    const before = await read('npx', 'knex');
    expect(pendingOf(done(before), before)).toBeUndefined();
    expect(pendingOf(done(before), await read('npx', 'other'))?.command?.words).toEqual(['npx', 'other']);
    await write({ 'db/1.ts': 'b' });
    const after = await read('npx', 'knex');
    expect(differenceOf(done(before), after, furnished)).toBeUndefined();
    expect(pendingOf(done(before), after)?.command).toBeDefined();
    expect(differenceOf(done(before), await planOf({ '1.sql': '' }), furnished)).toBe('a command has migrated it');
    expect(differenceOf(done(await planOf(files)), after, furnished)).toMatch(/files were applied one by one/);
  });

  test('from a backup is refused where files made it, and has its command run again', async () => {
    const plan = await planOf(files);
    expect(differenceOf(afterRestore(done(plan)), plan, furnished)).toMatch(/came from a backup that does not say/);
    await write({ 'db/1.ts': 'a' });
    const byCommand = (await plansOf({ postgresql: { folder: 'db', command: ['true'] } })).get(
      'postgresql',
    ) as MigrationPlan;
    const restored = afterRestore(done(byCommand));
    expect(differenceOf(restored, byCommand, furnished)).toBeUndefined();
    expect(pendingOf(restored, byCommand)?.command).toBeDefined();
  });

  test('lacks nothing of the platform that its own migrations have changed, and what changes later is a gap', () => {
    const gap = { engine: 'postgresql', place: 'users', kind: 'column', name: 'email', what: 'different' } as const;
    const migrated = { ...nothingMigrated, gaps: ['column email of users is different: text'] };
    const state = { engines: { postgresql: { migrated } } } as unknown as Parameters<typeof withoutMigrated>[1];
    const gaps = [
      { ...gap, there: 'text' },
      { ...gap, there: 'citext' },
      { ...gap, engine: 'mongodb', there: 'text' },
    ];
    expect(withoutMigrated(gaps, state)).toEqual(gaps.slice(1));
  });
});
