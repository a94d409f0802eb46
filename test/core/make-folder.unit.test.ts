import { glob, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeFolder } from '../../sandbox/core/files/make-folder.ts';

const root = join(import.meta.dirname, '../..');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taishang-make-folder-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('makes what is missing, also where several do so at once, and leaves what is there', async () => {
  // Many times: who comes when is the system's doing.
  for (let round = 0; round < 200; round += 1) {
    const made = join(folder, String(round), 'a', 'b', 'c');
    await Promise.all([makeFolder(made), makeFolder(join(made, 'd')), makeFolder(made), makeFolder(join(made, 'e'))]);
  }
  const deep = join(folder, '0', 'a', 'b', 'c');
  expect((await stat(join(deep, 'd'))).isDirectory()).toBe(true);
  expect((await stat(deep)).mode & 0o777).toBe(0o700);
  await makeFolder(folder, 0o755);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
});

test('ends with the error of the system where none can be made', async () => {
  await writeFile(join(folder, 'file'), '');
  await symlink(join(folder, 'nowhere'), join(folder, 'gone'));
  for (const place of [join(folder, 'file'), join(folder, 'file', 'x'), join(folder, 'gone', 'x')]) {
    await expect(makeFolder(place)).rejects.toMatchObject({ code: expect.stringMatching(/^E[A-Z]+$/) });
  }
});

test.runIf(process.platform === 'linux')(
  'ends where the system says that the folder above is missing, which is there',
  async () => {
    for (const place of ['/proc/nowhere', '/proc/nowhere/x/y']) {
      await expect(makeFolder(place)).rejects.toMatchObject({ code: 'ENOENT' });
    }
  },
);

test('nothing else makes folders with those above them: Node.js may never come back from that', async () => {
  const found: string[] = [];
  for await (const file of glob('{sandbox,scenarios,bench,seeds}/**/*.{ts,mjs}', { cwd: root })) {
    const text = await readFile(join(root, file), 'utf8');
    if (/mkdir(?:Sync)?\([^;]*recursive: true/.test(text)) found.push(file);
  }
  expect(found).toEqual([]);
});
