import { existsSync } from 'node:fs';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { createTemporaryFolder } from '../../sandbox/core/files/temporary-folder.ts';

test('a temporary folder is its owner’s alone, and goes with what is in it', async () => {
  let path: string;
  {
    await using folder = await createTemporaryFolder('taishang-try-');
    ({ path } = folder);
    expect([dirname(path), basename(path).startsWith('taishang-try-')]).toEqual([tmpdir(), true]);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    await mkdir(join(path, 'in'));
    await writeFile(join(path, 'in', 'it'), 'something');
  }
  expect(existsSync(path)).toBe(false);
});

test('a temporary folder goes where work in it fails, and what is beside it stays', async () => {
  await using parent = await createTemporaryFolder('taishang-try-');
  const failing = async () => {
    await using folder = await createTemporaryFolder('inner-', parent.path);
    await writeFile(join(folder.path, 'begun'), '');
    await writeFile(join(parent.path, 'beside'), '');
    throw new Error('no');
  };
  await expect(failing()).rejects.toThrow('no');
  expect(await readdir(parent.path)).toEqual(['beside']);
});
