import { randomBytes } from 'node:crypto';
import { copyFile, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { archiveNameAt, momentOfArchive } from '../../sandbox/backup/archive/archive-name.ts';
import { summaryOfArchive } from '../../sandbox/backup/archive/archive-summary.ts';
import { openStorage, splitLocation } from '../../sandbox/backup/storage/open-storage.ts';
import { runForError } from '../support/command.ts';
import { scratchFolder, writeMadeUp } from './support/made-up-archive.ts';

const name = 'taishang-backup-20260827_093015.tar.gz';

describe('a folder as a storage', () => {
  test('is made for its owner alone, keeps archives whole, lists the oldest first, and gives them back', async () => {
    await using folder = await scratchFolder();
    const [file, later] = await madeUpFiles(folder.path, 2);
    const storage = await openStorage(join(folder.path, 'kept'));
    expect(await storage.list()).toEqual([]);
    const seen: number[] = [];
    const second = archiveNameAt(new Date('2026-08-28T00:00:00Z'));
    await storage.store(later, second, {});
    await storage.store(file, name, { progress: (done) => seen.push(done) });
    expect(seen.at(-1)).toBe(100_000);
    await writeFile(join(folder.path, 'kept', 'notes.txt'), 'not an archive');
    const sizes = { sizeBytes: 100_000 };
    expect(await storage.list()).toEqual([
      { name, ...sizes },
      { name: second, ...sizes },
    ]);
    expect((await stat(join(folder.path, 'kept'))).mode & 0o777).toBe(0o700);

    const copy = join(folder.path, 'copy');
    await storage.fetch(name, copy, {});
    await storage.remove(name);
    await storage.remove(name);
    expect((await readFile(copy)).equals(await readFile(file))).toBe(true);
    expect((await storage.list()).map((archive) => archive.name)).toEqual([second]);
  });

  test('never replaces an archive, and says which one is not there', async () => {
    await using folder = await scratchFolder();
    const [file, other] = await madeUpFiles(folder.path, 2);
    const storage = await openStorage(join(folder.path, 'kept'));
    await storage.store(file, name, {});
    await expect(storage.store(other, name, {})).rejects.toMatchObject({ code: 'BACKUP_FAILED' });
    expect((await readFile(join(folder.path, 'kept', name))).equals(await readFile(file))).toBe(true);
    const missing = storage.fetch(archiveNameAt(new Date(0)), join(folder.path, 'copy'), {});
    await expect(missing).rejects.toMatchObject({ code: 'BACKUP_NOT_FOUND' });
  });

  test('says of which stack an archive is, and of nothing else', async () => {
    await using folder = await scratchFolder();
    const kept = join(folder.path, 'kept');
    await mkdir(kept);
    const archive = await writeMadeUp(folder.path, { 'redis/dump.rdb': randomBytes(200_000) });
    await copyFile(archive, join(kept, name));
    const others = ['2026-08-28', '2026-08-29', '2026-08-30'].map((day) => archiveNameAt(new Date(day)));
    const whole = await readFile(archive);
    const contents = [whole.subarray(0, 100), randomBytes(5_000), Buffer.alloc(0)];
    await Promise.all(others.map((other, index) => writeFile(join(kept, other), contents[index] ?? '')));
    const storage = await openStorage(kept);
    expect(await storage.summaryOf(name)).toEqual({ stack: 'made-up', engines: ['redis'], bases: {} });
    for (const other of others) expect(await storage.summaryOf(other)).toBeUndefined();
  });

  test('does not take an archive whose bytes do not come for one that says nothing', async () => {
    await using folder = await scratchFolder();
    const archive = await writeMadeUp(folder.path, { 'redis/dump.rdb': randomBytes(200_000) });
    const start = (await readFile(archive)).subarray(0, 100);
    const cut = new Readable({
      read() {
        this.push(start);
        this.destroy(new Error('the line was cut'));
      },
    });
    await expect(summaryOfArchive(cut)).rejects.toThrow('the line was cut');
    expect(await summaryOfArchive(Readable.from([start]))).toBeUndefined();
    expect(await summaryOfArchive(Readable.from([randomBytes(100_000)]))).toBeUndefined();
  });

  test('gives an archive back by a link to it, also one beside it that leads on, and by its folder under a link', async () => {
    await using folder = await scratchFolder();
    const [file] = await madeUpFiles(folder.path, 1);
    const kept = join(folder.path, 'kept');
    await (await openStorage(kept)).store(file, name, {});
    await symlink(name, join(kept, 'newest.tar.gz'));
    await symlink('newest.tar.gz', join(kept, 'latest.tar.gz'));
    await symlink('loop', join(kept, 'loop'));
    await symlink('kept', join(folder.path, 'other'));
    for (const [index, place] of ['kept/latest.tar.gz', 'other/newest.tar.gz', `other/${name}`].entries()) {
      const { location, name: named } = splitLocation(join(folder.path, place));
      const copy = join(folder.path, `copy-${index}`);
      await (await openStorage(location)).fetch(named, copy, {});
      expect((await lstat(copy)).isFile()).toBe(true);
      expect((await readFile(copy)).equals(await readFile(file))).toBe(true);
    }
    const lost = (await openStorage(kept)).fetch('loop', join(folder.path, 'copy-of-nothing'), {});
    await expect(lost).rejects.toMatchObject({ code: 'BACKUP_NOT_FOUND' });
  });

  test('removes what a process that no longer runs was writing', async () => {
    await using folder = await scratchFolder();
    const [file] = await madeUpFiles(folder.path, 1);
    const kept = join(folder.path, 'kept');
    await mkdir(kept);
    // No process has this number: it is beyond what Linux hands out (proc(5), "pid_max").
    await writeFile(join(kept, `.taishang-${hostname()}~4194305~1~${name}.partial`), 'half');
    await (await openStorage(kept)).store(file, name, {});
    expect(await readdir(kept)).toEqual([name]);
  });

  test('that cannot be written is refused with its reason', async () => {
    await using folder = await scratchFolder();
    const [file] = await madeUpFiles(folder.path, 1);
    for (const place of [join(file, 'below-a-file'), '/sys/backups']) {
      await expect((await openStorage(place)).store(file, name, {})).rejects.toMatchObject({
        code: 'STORAGE_DENIED',
      });
    }
  });

  test.skipIf(process.getuid?.() !== 0)('of another, full disk is STORAGE_FULL, and nothing stays there', async () => {
    await using folder = await scratchFolder();
    const [file] = await madeUpFiles(folder.path, 1);
    const disk = join(folder.path, 'disk');
    await mkdir(disk);
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=160k', 'tmpfs', disk]);
    try {
      const storage = await openStorage(disk);
      await storage.store(file, name, {});
      expect((await stat(join(disk, name))).mode & 0o777).toBe(0o600);
      expect((await readFile(join(disk, name))).equals(await readFile(file))).toBe(true);
      const second = storage.store(file, archiveNameAt(new Date(0)), {});
      await expect(second).rejects.toMatchObject({ code: 'STORAGE_FULL' });
      expect(await readdir(disk)).toEqual([name]);
    } finally {
      await execa('umount', [disk]);
    }
  });
});

test.each(['ftp://host/folder', 'S3://bucket/prefix', 's3:/bucket', 's3:bucket', 'FILE:///backups'])(
  '%s is no folder to be made here, and wrong use',
  async (location) => {
    await expect(openStorage(location)).rejects.toMatchObject({ code: 'BAD_OPTION' });
  },
);

test('a location of a kind that is not known is wrong use', async () => {
  await using folder = await scratchFolder();
  const refused = await runForError(['restore', 'ftp://host/folder/a.tar.gz'], { cwd: folder.path });
  expect(refused).toMatchObject({ exitCode: 2, code: 'BAD_OPTION' });
});

test('an address is split into its storage and its name', () => {
  expect(splitLocation('s3://bucket/a/b.tar.gz')).toEqual({ location: 's3://bucket/a', name: 'b.tar.gz' });
  expect(splitLocation('/var/backups/b.tar.gz')).toEqual({ location: '/var/backups', name: 'b.tar.gz' });
});

test('the name of an archive is its time, and no other name is', () => {
  const moment = new Date('2026-08-27T09:30:15Z');
  expect(archiveNameAt(moment)).toBe(name);
  expect(momentOfArchive(name)).toEqual(moment);
  for (const other of ['taishang-backup-20261399_093015.tar.gz', 'taishang-backup-.tar.gz', `${name}.partial`, 'x']) {
    expect(momentOfArchive(other)).toBeUndefined();
  }
});

async function madeUpFiles(folder: string, count: number): Promise<readonly [string, string]> {
  const files = Array.from({ length: count }, (_, index) => join(folder, `file-${index}`));
  for (const file of files) await writeFile(file, randomBytes(100_000), { mode: 0o600 });
  return files as unknown as readonly [string, string];
}
