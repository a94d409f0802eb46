import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { ensureStateDirectory } from '../../sandbox/stack/state/state-directory.ts';
import { scratchFolder } from '../backup/support/made-up-archive.ts';

test('git leaves out what the sandbox writes in the project of its user', async () => {
  await using project = await scratchFolder();
  await execa('git', ['init', '--quiet'], { cwd: project.path });
  await writeFile(join(await ensureStateDirectory(project.path), 'report.html'), '');
  const { stdout } = await execa('git', ['status', '--porcelain', '--untracked-files=all'], { cwd: project.path });
  expect(stdout).toBe('');
});

test('a folder that an earlier release has made is left out too, and is its owner’s alone', async () => {
  await using project = await scratchFolder();
  await mkdir(join(project.path, '.sandbox'), { mode: 0o755 });
  const folder = await ensureStateDirectory(project.path);
  expect(await readFile(join(folder, '.gitignore'), 'utf8')).toBe('*\n');
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
});

test('what its user has git leave out stays as it is', async () => {
  await using project = await scratchFolder();
  const file = join(await ensureStateDirectory(project.path), '.gitignore');
  await writeFile(file, 'report.html\n');
  await ensureStateDirectory(project.path);
  expect(await readFile(file, 'utf8')).toBe('report.html\n');
});

test('nothing is written through a link', async () => {
  await using project = await scratchFolder();
  await using elsewhere = await scratchFolder();
  await symlink(elsewhere.path, join(project.path, '.sandbox'));
  await ensureStateDirectory(project.path);
  await expect(stat(join(elsewhere.path, '.gitignore'))).rejects.toThrow('ENOENT');
});
