import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { scratchFolder } from '../support/made-up-archive.ts';
import { s3OfFile } from '../support/s3-of-file.ts';
import { errorOf, freshName, randomFile } from '../support/storage-cases.ts';

const sizeBytes = 40_000_000;
const uploadScript = join(import.meta.dirname, '..', 'support', 'upload.ts');

const s3 = s3OfFile();

describe('an archive', () => {
  test('is sent in parts with checksums and comes back as it was', async () => {
    await using folder = await scratchFolder();
    const { path, content } = await randomFile(folder.path, sizeBytes);
    const name = freshName();
    const seen: (readonly [number, number])[] = [];
    await s3.storageAt('whole').store(path, name, { progress: (done, total) => seen.push([done, total]) });

    expect(seen.map(([, total]) => total)).toEqual(Array(5).fill(sizeBytes));
    expect(seen.at(-1)).toEqual([sizeBytes, sizeBytes]);
    expect(await s3.storageAt('whole').list()).toEqual([{ name, sizeBytes }]);
    await s3.expectBack('whole', name, folder.path, content);
    expect((await stat(join(folder.path, 'back.tar.gz'))).mode & 0o777).toBe(0o600);
    expect((await readdir(folder.path)).toSorted()).toEqual(['archive.tar.gz', 'back.tar.gz']);
  });

  test('that is shorter than a part is sent alike', async () => {
    await using folder = await scratchFolder();
    const { path, content } = await randomFile(folder.path, 3);
    const name = freshName();
    await s3.storageAt('short').store(path, name, {});
    await s3.expectBack('short', name, folder.path, content);
  });

  test('of a name that is taken is refused, and the first one stays', async () => {
    await using folder = await scratchFolder();
    const name = freshName();
    const first = await randomFile(folder.path, 1_000);
    await s3.storageAt('taken').store(first.path, name, {});
    const second = await randomFile(folder.path, 1_000);
    const error = await errorOf(s3.storageAt('taken').store(second.path, name, {}));
    expect(error).toMatchObject({ code: 'BACKUP_FAILED', message: expect.stringContaining('of this name') });
    await s3.expectBack('taken', name, folder.path, first.content);
  });

  test('is removed, once and again; others stay, and what is no archive is neither listed nor removed', async () => {
    await using folder = await scratchFolder();
    const { path } = await randomFile(folder.path, 10);
    const storage = s3.storageAt('removing');
    const names = [freshName(), freshName()] as const;
    for (const name of names) await storage.store(path, name, {});
    await s3.storageAt('removing/below').store(path, freshName(), {});
    await s3.server.put('removing/notes.txt', 'mine');
    await storage.remove(names[0]);
    await storage.remove(names[0]);
    expect(await storage.list()).toEqual([{ name: names[1], sizeBytes: 10 }]);
    expect((await errorOf(storage.remove('notes.txt'))).code).toBe('BAD_OPTION');
    expect((await errorOf(storage.remove(`../${names[1]}`))).code).toBe('BAD_OPTION');
  });

  test('takes no more memory when it is eight times as long', async () => {
    await using folder = await scratchFolder();
    const { path } = await randomFile(folder.path, sizeBytes);
    const peakBytes = async () => {
      const args = [uploadScript, `s3://${s3.server.bucket}/memory`, s3.server.endpoint, path, freshName()];
      return Number((await execa(process.execPath, args)).stdout);
    };
    const shortBytes = await peakBytes();
    const file = await open(path, 'r+');
    await file.truncate(8 * sizeBytes);
    await file.close();
    const longBytes = await peakBytes();
    // The file has grown by 280 MB. A part has 8 MiB; three are on their way, and what is freed is collected later.
    expect(longBytes - shortBytes).toBeLessThan(80 * 2 ** 20);
  });
});
