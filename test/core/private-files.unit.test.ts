import { chown, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createPrivateFile, removePartials, writePrivateFile } from '../../sandbox/core/files/private-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taishang-private-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

describe('a file with data of a user', () => {
  test('is for its owner alone, whatever the umask says, and so is the folder that is made for it', async () => {
    const before = process.umask(0);
    try {
      await writePrivateFile(join(folder, 'new', 'file'), 'text');
    } finally {
      process.umask(before);
    }
    expect(await modeOf(join(folder, 'new', 'file'))).toBe(0o600);
    expect(await modeOf(join(folder, 'new'))).toBe(0o700);
  });

  test('of which a killed writer left a part is removed with that part, and with nothing else', async () => {
    const file = join(folder, 'secrets.json');
    const begun = await createPrivateFile(file);
    await begun.write('half of a password');
    const others = [
      '.secrets.json.notes',
      '.secrets.json.0123456789ab.bak',
      '.other.json.0123456789ab',
      'secrets.json',
    ];
    await Promise.all(others.map((name) => writeFile(join(folder, name), '')));
    expect(await readdir(folder)).toHaveLength(others.length + 1);
    await removePartials(file);
    expect((await readdir(folder)).toSorted()).toEqual(others.toSorted());
    await begun[Symbol.asyncDispose]();
  });

  test('takes the place of an older one that everybody could read', async () => {
    const file = join(folder, 'file');
    await writeFile(file, 'old', { mode: 0o666 });
    await writePrivateFile(file, 'new');
    expect(await modeOf(file)).toBe(0o600);
    expect(await readFile(file, 'utf8')).toBe('new');
    expect(await readdir(folder)).toEqual(['file']);
  });

  test.each(['there', 'nowhere'])('is written through no link, to a file that is %s', async (target) => {
    await writeFile(join(folder, 'there'), 'of somebody');
    await symlink(join(folder, target), join(folder, 'link'));
    await expect(writePrivateFile(join(folder, 'link'), 'text')).rejects.toMatchObject({ code: 'BAD_OPTION' });
    expect(await readFile(join(folder, 'there'), 'utf8')).toBe('of somebody');
    expect((await readdir(folder)).toSorted()).toEqual(['link', 'there']);
  });

  test('is refused with its path where nothing can be written', async () => {
    await symlink(join(folder, 'nowhere'), join(folder, 'gone'));
    await writeFile(join(folder, 'file'), '');
    for (const path of [join(folder, 'gone', 'file'), join(folder, 'file', 'file')]) {
      const error = { code: 'BAD_OPTION', message: expect.stringContaining(path) };
      await expect(writePrivateFile(path, 'text')).rejects.toMatchObject(error);
    }
  });

  test('follows no link that comes while it is written', async () => {
    const victim = join(folder, 'victim');
    await writeFile(victim, 'of somebody');
    const file = await createPrivateFile(join(folder, 'file'));
    await file.write('text');
    await symlink(victim, join(folder, 'file'));
    await expect(file.keep()).rejects.toMatchObject({ code: 'BAD_OPTION' });
    await file[Symbol.asyncDispose]();
    expect(await readFile(victim, 'utf8')).toBe('of somebody');
  });

  test('is no device and no folder', async () => {
    await mkdir(join(folder, 'taken'));
    for (const path of [join(folder, 'taken'), '/dev/null', '/dev/stdout']) {
      await expect(writePrivateFile(path, 'text')).rejects.toMatchObject({ code: 'BAD_OPTION' });
    }
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
  });

  test.runIf(process.getuid?.() === 0)('replaces a file of another user by one of ours', async () => {
    const file = join(folder, 'file');
    await writeFile(file, 'old');
    await chown(file, 65_534, 65_534);
    await writePrivateFile(file, 'new');
    expect((await stat(file)).uid).toBe(0);
  });
});
