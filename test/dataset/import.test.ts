import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { entityNames } from '../../sandbox/dataset/check/fields.ts';
import { createKeySet } from '../../sandbox/dataset/check/key-set.ts';
import { exportDataset } from '../../sandbox/dataset/export-dataset.ts';
import { importDataset } from '../../sandbox/dataset/import-dataset.ts';
import { rowFileOf } from '../../sandbox/dataset/read/row-file.ts';
import { fileFormats, rowEncoders } from '../../sandbox/dataset/read/row-files.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import type { EntityName } from '../../seeds/entities.ts';
import { rowsOf } from '../seeds/rows.ts';
import { runForError } from '../support/command.ts';

const base = createDataset({ size: { users: 300, contents: 400, conversations: 120, knowledge: 250 } });

let root: string;
let folder: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'taishang-import-'));
});
beforeEach(async () => {
  folder = await mkdtemp(join(root, 'case-'));
});
afterAll(() => rm(root, { recursive: true }));

async function file(name: string, rows: readonly unknown[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, rows.map((row) => (typeof row === 'string' ? row : `${JSON.stringify(row)}\n`)).join(''));
  return path;
}

async function load(paths: readonly string[], rejects?: string) {
  const files = await Promise.all(paths.map((path) => rowFileOf(path)));
  return importDataset({ files, base, ...(rejects === undefined ? {} : { rejects }) });
}

async function someUsers(count = 3) {
  return (await rowsOf('users', base)).slice(20, 20 + count);
}

describe.each(fileFormats)('the dataset as %s', (format) => {
  test('exported and read again is the same dataset', async () => {
    const to = join(folder, 'rows');
    await exportDataset({ dataset: base, to, format });
    const { dataset, files } = await load(entityNames.map((name) => join(to, `${name}.${format}`)));
    expect(dataset.counts).toEqual(base.counts);
    expect(files.every(({ rejected }) => rejected === 0)).toBe(true);
    expect(await dataset.fingerprint()).toBe(await base.fingerprint());
  });
});

test.each(['ndjson', 'csv'] as const)('point ids, which exports had up to 0.1.0, are no harm to %s', async (format) => {
  const rows = await rowsOf('userVectors', base);
  const text = Buffer.from(rowEncoders[format]('userVectors').rows(rows)).toString();
  const lines = text.trim().split('\n');
  // Before all other fields of a line, as they had it.
  const former = lines.map((line, at) => {
    if (format === 'ndjson') return `{"pointId":"${rows[at]?.userId}",${line.slice(1)}`;
    return at === 0 ? `pointId,${line}` : `"${rows[at - 1]?.userId}",${line}`;
  });
  const path = join(folder, `userVectors.${format}`);
  await writeFile(path, `${former.join('\n')}\n`);
  const { dataset } = await load([path]);
  expect(await rowsOf('userVectors', dataset)).toEqual(rows);
  expect(await dataset.fingerprint()).toBe(await base.fingerprint());
  await writeFile(path, `${former.join('\n').replace(rows[0]?.userId ?? '', 'no id')}\n`);
  await expect(load([path])).rejects.toMatchObject({ code: 'IMPORT_REJECTED' });
});

describe('what is not in the files', () => {
  test('comes from the dataset where it does not refer to what is', async () => {
    const [content] = await rowsOf('contents', base);
    const { dataset } = await load([await file('contents.ndjson', [content])]);
    expect(dataset.counts).toEqual({ ...base.counts, contents: 1 });
    expect(await rowsOf('contents', dataset)).toEqual([content]);
    expect(await rowsOf('userVectors', dataset)).toEqual(await rowsOf('userVectors', base));
  });

  test('is made from the users that are given, or is empty', async () => {
    const users = await someUsers();
    const { dataset } = await load([await file('users.ndjson', users)]);
    const { users: count, userVectors, cacheEntries, contents, learned, knowledge, concepts } = dataset.counts;
    expect({ count, userVectors, cacheEntries, contents, learned }).toEqual({
      count: 3,
      userVectors: 3,
      cacheEntries: 3,
      contents: 0,
      learned: 0,
    });
    expect({ knowledge, concepts }).toEqual({ knowledge: base.counts.knowledge, concepts: base.counts.concepts });
    for (const name of Object.keys(dataset.counts) as EntityName[]) {
      expect((await rowsOf(name, dataset)).length, name).toBe(dataset.counts[name]);
    }
    const vectors = await rowsOf('userVectors', dataset);
    expect(vectors.map(({ userId, vector }) => [userId, vector.length])).toEqual(users.map(({ id }) => [id, 512]));
    const entries = await rowsOf('cacheEntries', dataset);
    expect(entries.map(({ value }) => JSON.parse(value).email)).toEqual(users.map(({ email }) => email));
  });

  test('is empty where its concepts were replaced', async () => {
    const [concept] = await rowsOf('concepts', base);
    const { dataset } = await load([await file('concepts.ndjson', [concept])]);
    const { concepts, knowledge, conceptRelations, knowledgeVectors, userVectors } = dataset.counts;
    expect({ concepts, knowledge, conceptRelations, knowledgeVectors }).toEqual({
      concepts: 1,
      knowledge: 0,
      conceptRelations: 0,
      knowledgeVectors: 0,
    });
    expect(userVectors).toBe(base.counts.userVectors);
  });
});

describe('a bad row is refused with its file, line and reason', () => {
  const stranger = '00000000-0000-4000-8000-000000000001';
  const cases: readonly (readonly [string, EntityName, object, RegExp])[] = [
    ['a level above five', 'users', { levels: { silicon: 6, consciousness: 0, thinking: 0 } }, /silicon must be <= 5/],
    ['a level that is no whole number', 'contents', { siliconLevel: 1.5 }, /siliconLevel must be integer/],
    ['an id that is no UUID', 'users', { id: 'u-17' }, /id must match format "uuid"/],
    ['a name that is too long', 'users', { username: 'u'.repeat(51) }, /username must NOT have more than 50/],
    ['a word that is none of the known', 'users', { status: 'asleep' }, /status must be equal to one of/],
    ['a day that is none', 'dailyActivity', { day: '2026-02-30' }, /day must match format "date"/],
    ['a time that is none', 'contents', { createdAt: 'yesterday' }, /createdAt must match format "date-time"/],
    ['null where there must be something', 'users', { email: null }, /email must be string/],
    ['a field that is not known', 'users', { nickname: 'x' }, /must NOT have additional properties/],
    ['an owner who is not there', 'contents', { userId: stranger }, /userId refers to `0+-.*none of the users/],
    ['a giver who is not there', 'userPermissions', { grantedBy: stranger }, /grantedBy refers to/],
    ['a concept that is not there', 'interests', { concept: 'nothing' }, /concept refers to `nothing`/],
    ['a vector of another dimension', 'userVectors', { vector: [1, 2, 3] }, /vector must NOT have fewer than 512/],
    ['a place off the globe', 'userLocations', { latitude: 91 }, /latitude must be <= 90/],
    ['an address that is none', 'userSessions', { ipAddress: '300.1.1.1' }, /ipAddress must match/],
    ['a character that no store takes', 'contents', { title: 'a\u0000b' }, /U\+0000/],
    ['a cache entry of nobody', 'cacheEntries', { key: `user:${stranger}` }, /key refers to/],
  ];

  test.each(cases)('%s', async (_, entity, change, says) => {
    const [first, second] = (await rowsOf(entity, base)).slice(20) as unknown as object[];
    const plain = (row: object | undefined) =>
      JSON.parse(JSON.stringify(row, (__, value) => (value instanceof Float32Array ? [...value] : value)));
    const path = await file(`${entity}.ndjson`, [plain(first), { ...plain(second), ...change }]);
    const refusal = load([path]);
    await expect(refusal).rejects.toMatchObject({ code: 'IMPORT_REJECTED' });
    const evidence = await refusal.then(
      () => 'nothing was refused',
      (thrown) => String(thrown.evidence),
    );
    expect(evidence.startsWith(`${path}:2: `)).toBe(true);
    expect(evidence).toMatch(says);
  });

  test('the same key again, a line that is no JSON, a row that is no object', async () => {
    const [user] = await someUsers(1);
    const path = await file('users.ndjson', [user, '\n', { ...user, id: stranger }, '{"id": \n', '[1]\n']);
    const error = await load([path]).catch((thrown) => thrown);
    expect(error.evidence.split('\n')).toEqual([
      `${path}:3: username is the same as in an earlier row`,
      expect.stringMatching(/:4: is not JSON/),
      `${path}:5: is no object`,
    ]);
    expect(error.message).toMatch(/^3 rows/);
  });

  test('a row of CSV by the line where it begins, also after one of several lines', async () => {
    const [header, ...fields] = [
      'name,category,description,siliconLevel,createdAt',
      '"a ""b""\nc\r\nd",x,"",3,2026-01-01T00:00:00Z',
    ];
    const rows = [`${header}\r\n`, `${fields[0]}\r\n`, '\r\n', 'one,x,,3,2026-01-01T00:00:00Z\r\n', 'two,x\r\n'];
    const path = await file('concepts.csv', rows);
    const error = await load([path]).catch((thrown) => thrown);
    expect(error.evidence.split('\n')).toEqual([
      // An empty field without quotes is null.
      `${path}:6: /description must be string`,
      `${path}:7: has 2 fields, the header 5`,
    ]);
  });

  test('no more than twenty are named, and all are counted', async () => {
    const path = await file(
      'users.ndjson',
      Array.from({ length: 57 }, () => ({})),
    );
    const error = await load([path]).catch((thrown) => thrown);
    expect(error.message).toMatch(/^57 rows/);
    expect(error.evidence.split('\n')).toHaveLength(21);
    expect(error.evidence).toMatch(/and 37 more$/);
  });
});

describe('with a reject file', () => {
  test('bad rows go there and the others are loaded', async () => {
    const users = await someUsers(4);
    const path = await file(
      'users.ndjson',
      users.map((user, at) => (at === 1 ? { ...user, status: 'asleep' } : user)),
    );
    // What refers to a row that is rejected is rejected too.
    const [content, other] = await rowsOf('contents', base);
    const owned = [
      { ...content, userId: users[1]?.id },
      { ...other, userId: users[0]?.id },
    ];
    const contents = await file('contents.ndjson', owned);
    const rejects = join(folder, 'bad.ndjson');
    const { dataset, files } = await load([contents, path], rejects);
    expect(files.map(({ rows, rejected }) => [rows, rejected])).toEqual([
      [1, 1],
      [3, 1],
    ]);
    expect((await rowsOf('users', dataset)).map(({ id }) => id)).toEqual(
      users.filter((_, at) => at !== 1).map(({ id }) => id),
    );
    const rejected = (await readFile(rejects, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rejected.map(({ file, line, entity }) => [file, line, entity])).toEqual([
      [path, 2, 'users'],
      [contents, 1, 'contents'],
    ]);
    expect(rejected[0]).toMatchObject({ reason: expect.stringMatching(/status/), row: { status: 'asleep' } });
    expect(await rowsOf('contents', dataset)).toMatchObject([{ id: other?.id }]);
  });

  test('one that is there already is refused', async () => {
    const rejects = await file('bad.ndjson', ['mine\n']);
    const loading = load([await file('users.ndjson', await someUsers())], rejects);
    await expect(loading).rejects.toMatchObject({ code: 'BAD_OPTION' });
    expect(await readFile(rejects, 'utf8')).toBe('mine\n');
  });
});

test('a file that changes after its check is noticed', async () => {
  const path = await file('users.ndjson', await someUsers());
  const { dataset } = await load([path]);
  await appendFile(path, '{}\n');
  await expect(rowsOf('users', dataset)).rejects.toMatchObject({ code: 'IMPORT_CHANGED' });
});

test('a set of keys finds each one and no other', () => {
  const keys = createKeySet();
  for (let index = 0; index < 20_000; index += 1) expect(keys.add(`key ${index}`)).toBe(true);
  for (let index = 0; index < 20_000; index += 1) expect(keys.add(`key ${index}`)).toBe(false);
  expect(Array.from({ length: 20_000 }, (_, index) => keys.has(`other ${index}`)).filter(Boolean)).toEqual([]);
});

test.each([
  [['seed', '--from', 'nowhere.csv'], /nowhere\.csv cannot be read/],
  [['seed', '--from', 'package.json'], /\.ndjson, \.jsonl, \.csv and \.parquet/],
  [['seed', '--entity', 'users'], /--entity is about rows from files/],
  [['seed', '--rejects', 'bad.ndjson'], /--rejects is about rows from files/],
])('%j is refused as wrong use', async (args, says) => {
  const error = await runForError(args);
  expect(error).toMatchObject({ exitCode: 2, code: 'BAD_OPTION' });
  expect(`${error.message} ${error.next}`).toMatch(says);
});
