import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { replaceFile } from '../../sandbox/core/files/replace-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taishang-replace-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a file takes the place of another one, and leaves nothing beside it', async () => {
  const [partial, path] = [join(folder, 'file.partial'), join(folder, 'file')];
  await writeFile(path, 'old');
  await writeFile(partial, 'new');
  await replaceFile(partial, path);
  expect(await readFile(path, 'utf8')).toBe('new');
  expect(await readdir(folder)).toEqual(['file']);
});

test('what cannot be given its name leaves the old file as it was', async () => {
  const path = join(folder, 'file');
  await writeFile(path, 'old');
  await expect(replaceFile(join(folder, 'missing'), path)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await readFile(path, 'utf8')).toBe('old');
});
