import { chown, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { localFolder } from '../../../sandbox/backup/storage/local-folder.ts';
import { createPrivateFolder } from '../../../sandbox/containers/runtime/private-folder.ts';

/** More than Linux hands out (proc(5), `pid_max`). */
const deadProcess = 9_999_999;
const other = 65_534;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taishang-shared-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const leftover = (name: string) => join(folder, `.taishang-${hostname()}~${deadProcess}~1~${name}`);

test.runIf(process.getuid?.() === 0)(
  'what a dead process of another user has left in a shared folder stays, and ours goes',
  async () => {
    await mkdir(leftover('theirs'));
    await chown(leftover('theirs'), other, other);
    await mkdir(leftover('ours'));
    await using made = await createPrivateFolder(folder);
    const names = await readdir(folder);
    expect(names).toHaveLength(2);
    expect(names.map((name) => join(folder, name)).toSorted()).toEqual([leftover('theirs'), made.path].toSorted());
  },
);

test('links and folders that are called like archives are none, and stop no backup', async () => {
  const [link, taken, archive] = ['20260101', '20260102', '20260103'].map(
    (day) => `taishang-backup-${day}_000000.tar.gz`,
  ) as [string, string, string];
  await symlink('/nowhere', join(folder, link));
  await mkdir(join(folder, taken));
  await writeFile(join(folder, 'file'), 'content');
  const storage = localFolder(folder);
  await storage.store(join(folder, 'file'), archive, {});
  expect(await storage.list()).toEqual([{ name: archive, sizeBytes: 7 }]);
});
