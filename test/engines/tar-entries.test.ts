import { createReadStream } from 'node:fs';
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { requireSnapshot } from '../../sandbox/engines/qdrant/backup/snapshot-file.ts';
import { readTarEntries, type TarEntry } from '../../sandbox/engines/shared/backup/tar-entries.ts';
import { temporaryFolder } from './support/backups.ts';

/** A folder as Qdrant packs one: a file of some megabytes with many holes, empty ones, long names, folders. */
async function packed(format: string, ...options: readonly string[]) {
  const folder = await temporaryFolder();
  const content = join(folder.path, 'content');
  await mkdir(join(content, 'x'.repeat(120)), { recursive: true });
  await writeFile(join(content, 'config.json'), '{}');
  await writeFile(join(content, 'x'.repeat(120), 'empty'), '');
  const holes = join(content, 'holes');
  await writeFile(holes, '');
  await truncate(holes, 8 * 2 ** 20);
  for (let hole = 0; hole < 40; hole += 1) {
    const { stdout } = await execa('dd', [
      'if=/dev/urandom',
      `of=${holes}`,
      'bs=4096',
      'count=1',
      `seek=${hole * 50}`,
      'conv=notrunc',
      'status=none',
    ]);
    expect(stdout).toBe('');
  }
  const file = join(folder.path, 'a.tar');
  await execa('tar', [`--format=${format}`, ...options, '-cf', file, '-C', content, '.']);
  return { folder, file };
}

async function entriesOf(file: string): Promise<readonly TarEntry[]> {
  const entries: TarEntry[] = [];
  await readTarEntries(createReadStream(file, { highWaterMark: 1_000 }), (entry) => entries.push(entry));
  return entries;
}

describe.each([
  ['gnu', '--sparse'],
  ['gnu', '--no-recursion'],
  ['posix', '--sort=name'],
])('a tar file of the format %s, %s', (format, option) => {
  test('is read to its end, and its files have the sizes that they unpack to', async () => {
    const { folder, file } = await packed(format, option === '--no-recursion' ? '--sort=name' : option);
    await using _ = folder;
    const entries = await entriesOf(file);
    const files = entries.filter(({ kind }) => kind === 'file').map(({ sizeBytes }) => sizeBytes);
    expect(files.toSorted((left, right) => left - right)).toEqual([0, 2, 8 * 2 ** 20]);
    expect(entries.map(({ name }) => name)).toContain('./config.json');
    expect(entries.every(({ kind }) => kind !== 'other')).toBe(true);
  });

  test('is refused wherever it is cut off', async () => {
    const { folder, file } = await packed(format, '--sort=name');
    await using _ = folder;
    for (const sizeBytes of [0, 1, 511, 512, 700, 5_000, 1_000_000]) {
      const cut = join(folder.path, `cut-${sizeBytes}`);
      await execa('cp', [file, cut]);
      await truncate(cut, sizeBytes);
      await expect(entriesOf(cut)).rejects.toThrow(/ends too early/);
    }
  });
});

test.each([
  ['text', Buffer.alloc(2_000, 'this is no tar file')],
  ['a header with another checksum', Buffer.concat([Buffer.alloc(512, 'a'), Buffer.alloc(1_024)])],
])('%s is no tar file', async (_, content) => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'a.tar');
  await writeFile(file, content);
  await expect(entriesOf(file)).rejects.toThrow();
});

describe('a snapshot', () => {
  test('with links among its files is refused', async () => {
    await using folder = await temporaryFolder();
    await execa('ln', ['-s', '/etc/passwd', join(folder.path, 'config.json')]);
    const file = join(folder.path, 'a.tar');
    await execa('tar', ['-cf', file, '-C', folder.path, 'config.json']);
    const check = { path: 'a', origin: 'official', isShard: false, freeBytes: 1e9 } as const;
    await expect(requireSnapshot(file, check)).rejects.toMatchObject({ code: 'BACKUP_LINK' });
  });

  test('that unpacks to more than there is room for is refused as soon as it has told so, however small it is', async () => {
    const { folder, file } = await packed('gnu', '--sparse');
    await using _ = folder;
    const check = { path: 'a', origin: 'official', isShard: false } as const;
    expect(await requireSnapshot(file, { ...check, freeBytes: 9e6 })).toBe(8 * 2 ** 20 + 2);
    const full = { code: 'RESTORE_TARGET_FULL' };
    await expect(requireSnapshot(file, { ...check, freeBytes: 8e6 })).rejects.toMatchObject(full);

    // A gigabyte that is announced, of which nothing comes.
    const header = Buffer.alloc(512);
    header.write('config.json', 0);
    header.write('0000644\0', 100);
    header.write((2 ** 30).toString(8).padStart(11, '0'), 124);
    header.write('0', 156);
    header.fill(' ', 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    const announced = join(folder.path, 'announced.tar.gz');
    await writeFile(announced, gzipSync(Buffer.concat([header, Buffer.alloc(20 * 2 ** 20)])));
    await expect(requireSnapshot(announced, { ...check, freeBytes: 1e6 })).rejects.toMatchObject(full);
  });
});
