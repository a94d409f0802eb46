import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { startTcpProxy } from '../../../scenarios/backup/tcp-proxy.ts';
import { scratchFolder } from '../support/made-up-archive.ts';
import { s3OfFile } from '../support/s3-of-file.ts';
import { openUploads, partsOf, sentBytesOf } from '../support/s3-uploads.ts';
import { errorOf, freshName, randomFile } from '../support/storage-cases.ts';

const sizeBytes = 40_000_000;
const partBytes = 8 * 2 ** 20;
/** Heads of requests, signatures and answers together. */
const overheadBytes = 100_000;
const uploadScript = join(import.meta.dirname, '..', 'support', 'upload.ts');

const s3 = s3OfFile();

describe('an upload that is broken off', () => {
  test('by the network shows nothing, and the next run sends what is missing alone', async () => {
    await using folder = await scratchFolder();
    await using proxy = await startTcpProxy(s3.server.port);
    const { path, content } = await randomFile(folder.path, sizeBytes);
    const name = freshName();
    const storage = s3.storageAt('cut', proxy.endpoint);
    proxy.breakAt({ direction: 'up', afterBytes: 30_000_000, kind: 'cut' });
    expect((await errorOf(storage.store(path, name, {}))).code).toBe('STORAGE_UNREACHABLE');

    expect(await s3.storageAt('cut').list()).toEqual([]);
    expect((await errorOf(s3.storageAt('cut').fetch(name, join(folder.path, 'back'), {}))).code).toBe(
      'BACKUP_NOT_FOUND',
    );
    expect((await stat(`${path}.upload.json`)).mode & 0o777).toBe(0o600);
    const sentBytes = await sentBytesOf(s3.server, `cut/${name}`);
    expect(sentBytes).toBeGreaterThanOrEqual(partBytes);
    expect(sentBytes).toBeLessThan(sizeBytes);

    proxy.heal();
    await storage.store(path, name, {});
    // Less where the server was still at a part when it was asked; that nothing is missing is seen below.
    expect(proxy.passedBytes.up).toBeLessThan(sizeBytes - sentBytes + overheadBytes);
    await s3.expectBack('cut', name, folder.path, content);
    expect(await readdir(folder.path)).toEqual(['archive.tar.gz', 'back.tar.gz']);
  });

  test('by kill -9 is gone on with by the next process', async () => {
    await using folder = await scratchFolder();
    await using proxy = await startTcpProxy(s3.server.port);
    const { path, content } = await randomFile(folder.path, sizeBytes);
    const name = freshName();
    const args = [uploadScript, `s3://${s3.server.bucket}/killed`, proxy.endpoint, path, name];
    const stalled = proxy.breakAt({ direction: 'up', afterBytes: 30_000_000, kind: 'stall' });
    const child = spawn(process.execPath, args, { stdio: 'ignore' });
    const ended = once(child, 'exit');
    await stalled;
    child.kill('SIGKILL');
    await ended;
    expect(await s3.storageAt('killed').list()).toEqual([]);
    const sentBytes = await sentBytesOf(s3.server, `killed/${name}`);
    expect(sentBytes).toBeGreaterThanOrEqual(partBytes);

    proxy.heal();
    await execa(process.execPath, args);
    expect(proxy.passedBytes.up).toBeLessThan(sizeBytes - sentBytes + overheadBytes);
    await s3.expectBack('killed', name, folder.path, content);
  });

  test('by kill -9 after its last byte is found whole, and nothing is sent again', async () => {
    await using folder = await scratchFolder();
    await using proxy = await startTcpProxy(s3.server.port);
    const { path, content } = await randomFile(folder.path, 1_000_000);
    const name = freshName();
    const storage = s3.storageAt('finished', proxy.endpoint);
    // The note as it is before the object appears, put back as if nobody had come to remove it.
    const copied: Promise<void>[] = [];
    const progress = () => copied.push(copyFile(`${path}.upload.json`, `${path}.kept`));
    await storage.store(path, name, { progress });
    await Promise.all(copied);
    await copyFile(`${path}.kept`, `${path}.upload.json`);

    proxy.heal();
    await storage.store(path, name, {});
    expect(proxy.passedBytes.up).toBeLessThan(overheadBytes);
    expect(await readdir(folder.path)).not.toContain('archive.tar.gz.upload.json');
    await s3.expectBack('finished', name, folder.path, content);
  });

  test('by its signal ends at once with its reason, and is gone on with', async () => {
    await using folder = await scratchFolder();
    const { path, content } = await randomFile(folder.path, sizeBytes);
    const name = freshName();
    const abort = new AbortController();
    const progress = (done: number) => done >= 2 * partBytes && abort.abort(new Error('enough'));
    await expect(s3.storageAt('ended').store(path, name, { progress, signal: abort.signal })).rejects.toThrow('enough');
    expect(await s3.storageAt('ended').list()).toEqual([]);
    const sentBytes = await sentBytesOf(s3.server, `ended/${name}`);
    expect(sentBytes).toBeGreaterThanOrEqual(2 * partBytes);
    await s3.storageAt('ended').store(path, name, {});
    await s3.expectBack('ended', name, folder.path, content);
  });

  test('trusts no part whose content is no longer that of the file', async () => {
    await using folder = await scratchFolder();
    await using proxy = await startTcpProxy(s3.server.port);
    const { path, content } = await randomFile(folder.path, sizeBytes);
    const name = freshName();
    const storage = s3.storageAt('changed', proxy.endpoint);
    proxy.breakAt({ direction: 'up', afterBytes: 36_000_000, kind: 'cut' });
    await errorOf(storage.store(path, name, {}));

    const [upload] = (await openUploads(s3.server)).filter(({ key }) => key === `changed/${name}`);
    const [present] = await partsOf(s3.server, `changed/${name}`, upload?.id ?? '');
    const offset = ((present?.PartNumber ?? 0) - 1) * partBytes;
    const other = Buffer.from(content);
    other[offset] = (content[offset] ?? 0) ^ 1;
    const file = await open(path, 'r+');
    await file.write(other, offset, 1, offset);
    await file.close();
    proxy.heal();
    await storage.store(path, name, {});
    // The changed part again, at the least.
    expect(proxy.passedBytes.up).toBeGreaterThanOrEqual(present?.Size ?? Number.POSITIVE_INFINITY);
    await s3.expectBack('changed', name, folder.path, other);
  });

  test('is given up once nobody has gone on with it for a day; what is not ours stays', async () => {
    await using folder = await scratchFolder();
    // One part: with others on their way, the server may still be at one when the upload is given up.
    const { path } = await randomFile(folder.path, partBytes);
    const name = freshName();
    const abort = new AbortController();
    const progress = () => abort.abort(new Error('enough'));
    const storage = s3.storageAt('stale');
    await storage.store(path, name, { progress, signal: abort.signal }).catch(() => {});
    const foreign = [`stale/${name}.part`, 'stale/notes.txt', `elsewhere/${name}`];
    for (const key of foreign) await s3.server.beginUpload(key);
    const keys = async () => (await openUploads(s3.server)).map(({ key }) => key);
    expect(await keys()).toEqual(expect.arrayContaining([`stale/${name}`, ...foreign]));

    const hours = (count: number) => new Date(Date.now() + count * 3_600_000);
    expect(await storage.abandonStaleUploads(hours(23))).toEqual([]);
    expect(await storage.abandonStaleUploads(hours(25))).toEqual([`stale/${name}`]);
    expect(await keys()).toEqual(expect.arrayContaining(foreign));
    expect(await keys()).not.toContain(`stale/${name}`);
    // The note leads nowhere now: it begins anew.
    await storage.store(path, name, {});
    expect(await storage.list()).toEqual([{ name, sizeBytes: partBytes }]);
  });
});
