import { chmod, link, lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { importDataset } from '../../sandbox/dataset/import-dataset.ts';
import { rowFileOf } from '../../sandbox/dataset/read/row-file.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import { rowsOf } from '../seeds/rows.ts';

const base = createDataset({ size: { users: 300, contents: 0, conversations: 0, knowledge: 1 } });

let root: string;
let folder: string;
let rejects: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'taishang-rejects-'));
});
beforeEach(async () => {
  folder = await mkdtemp(join(root, 'case-'));
  rejects = join(folder, 'bad.ndjson');
});
afterAll(() => rm(root, { recursive: true }));

async function load(...bad: readonly string[]) {
  const rows = (await rowsOf('users', base)).slice(20, 23).map((row) => JSON.stringify(row));
  const path = join(folder, 'users.ndjson');
  await writeFile(path, [...rows, ...bad].map((line) => `${line}\n`).join(''));
  return importDataset({ files: [await rowFileOf(path)], base, rejects });
}

test('is for its user alone, whatever the umask, and is whole when it is there', async () => {
  const umask = process.umask(0);
  try {
    await load('{"id": 1}', '[', '{"passwordHash": "secret"}');
  } finally {
    process.umask(umask);
  }
  const { mode, nlink } = await lstat(rejects);
  expect((mode & 0o777).toString(8)).toBe('600');
  expect(nlink).toBe(1);
  const lines = (await readFile(rejects, 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).line)).toEqual([4, 5, 6]);
  expect((await readdir(folder)).toSorted()).toEqual(['bad.ndjson', 'users.ndjson']);
});

test('is not made where there is nothing to write', async () => {
  expect((await load()).files).toMatchObject([{ rows: 3, rejected: 0 }]);
  expect(await readdir(folder)).toEqual(['users.ndjson']);
});

test('is not made where everything is refused, or where no row is good', async () => {
  await writeFile(join(folder, 'contents.csv'), 'id,id\n1,2\n');
  const files = [await rowFileOf(join(folder, 'contents.csv'))];
  await expect(importDataset({ files, base, rejects })).rejects.toMatchObject({ code: 'IMPORT_REJECTED' });
  await writeFile(join(folder, 'contents.csv'), 'id\n1\n2\n');
  await expect(importDataset({ files, base, rejects })).rejects.toMatchObject({
    code: 'IMPORT_REJECTED',
    evidence: expect.stringMatching(/has no row of contents that could be loaded/),
  });
  expect(await readdir(folder)).toEqual(['contents.csv']);
});

const elsewhere = () => join(folder, 'elsewhere');
test.each([
  ['a link to a file', () => symlink(elsewhere(), rejects)],
  ['a link to nowhere', () => symlink(join(folder, 'nowhere'), rejects)],
  ['a second name of a file', () => link(elsewhere(), rejects)],
  ['a file', () => writeFile(rejects, 'mine')],
])('is never written through or over %s', async (_, make) => {
  await writeFile(elsewhere(), 'mine');
  await chmod(elsewhere(), 0o644);
  await make();
  const before = await lstat(rejects);
  await expect(load('{"id": 1}')).rejects.toMatchObject({ code: 'BAD_OPTION' });
  expect(await readFile(elsewhere(), 'utf8')).toBe('mine');
  expect((await lstat(rejects)).ino).toBe(before.ino);
  expect((await readdir(folder)).filter((name) => name.includes('partial') || name === 'nowhere')).toEqual([]);
});
