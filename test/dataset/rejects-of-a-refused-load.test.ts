import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDataset } from '../../seeds/create-dataset.ts';
import { rowsOf } from '../seeds/rows.ts';
import { runCommand, runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';

let folder: StackFolder;
let rejects: string;
let seed: readonly string[];

beforeAll(async () => {
  folder = await stackFolder();
  rejects = join(folder.path, 'bad.ndjson');
  const users = (await rowsOf('users', createDataset({ size: 'small' }))).slice(0, 5);
  const rows = [...users.map((user) => JSON.stringify(user)), '{"id": 1}'];
  await writeFile(join(folder.path, 'users.ndjson'), rows.map((row) => `${row}\n`).join(''));
  seed = ['seed', '--from', 'users.ndjson', '--rejects', rejects];
  const { exitCode, stderr } = await runCommand(['up', '--engines', 'redis'], { cwd: folder.path });
  expect(exitCode, stderr).toBe(0);
});
afterAll(() => folder?.[Symbol.asyncDispose]());

const isThere = () =>
  stat(rejects).then(
    () => true,
    () => false,
  );

test('a load that is refused leaves no reject file; the same load with --reset writes it', async () => {
  expect(await runForError(seed, { cwd: folder.path })).toMatchObject({ exitCode: 1, code: 'DATASET_DIFFERENT' });
  expect(await isThere()).toBe(false);
  const loaded = await runForDocument<{ files: readonly object[] }>([...seed, '--reset'], { cwd: folder.path });
  expect(loaded.files).toMatchObject([{ entity: 'users', rows: 5, rejected: 1 }]);
  expect(await isThere()).toBe(true);
});
