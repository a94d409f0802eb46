import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { s3Storage } from '../../../sandbox/backup/storage/s3.ts';
import { poll } from '../../../sandbox/core/poll.ts';
import { startTcpProxy } from '../../../scenarios/backup/tcp-proxy.ts';
import { scratchFolder } from '../support/made-up-archive.ts';
import { s3OfFile } from '../support/s3-of-file.ts';
import { errorOf, freshName, randomFile } from '../support/storage-cases.ts';

const sizeBytes = 20_000_000;
const overheadBytes = 100_000;
const downloadScript = join(import.meta.dirname, '..', 'support', 'download.ts');

const s3 = s3OfFile();

/** An archive that is stored, in a scratch folder, behind a proxy. */
async function stored() {
  const folder = await scratchFolder();
  const proxy = await startTcpProxy(s3.server.port);
  const { path, content } = await randomFile(folder.path, sizeBytes);
  const name = freshName();
  await s3Storage(`s3://${s3.server.bucket}`, { endpoint: s3.server.endpoint }).store(path, name, {});
  return {
    name,
    content,
    proxy,
    folder: folder.path,
    file: join(folder.path, 'back.tar.gz'),
    storage: s3Storage(`s3://${s3.server.bucket}`, { endpoint: proxy.endpoint }),
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test('a download whose connection breaks off goes on by itself behind what it has', async () => {
  await using archive = await stored();
  const { proxy, storage, name, file, content } = archive;
  proxy.breakAt({ direction: 'down', afterBytes: sizeBytes / 2, kind: 'cut-once' });
  const seen: number[] = [];
  await storage.fetch(name, file, { progress: (done) => seen.push(done) });
  expect((await readFile(file)).equals(content)).toBe(true);
  expect(seen).toEqual(seen.toSorted((one, other) => one - other));
  expect(seen.at(-1)).toBe(sizeBytes);
  // What was on its way when the connection broke comes twice.
  expect(proxy.passedBytes.down).toBeLessThan(sizeBytes * 1.3);
});

test('a download that is cut leaves nothing under its name, and the next run fetches the rest alone', async () => {
  await using archive = await stored();
  const { proxy, storage, name, file, folder, content } = archive;
  proxy.breakAt({ direction: 'down', afterBytes: sizeBytes / 2, kind: 'cut' });
  expect((await errorOf(storage.fetch(name, file, {}))).code).toBe('STORAGE_UNREACHABLE');
  expect(await readdir(folder)).not.toContain('back.tar.gz');
  const haveBytes = (await stat(`${file}.partial`)).size;
  expect(haveBytes).toBeGreaterThan(sizeBytes / 4);

  proxy.heal();
  await storage.fetch(name, file, {});
  expect(proxy.passedBytes.down).toBeLessThan(sizeBytes - haveBytes + overheadBytes);
  expect((await readFile(file)).equals(content)).toBe(true);
  expect((await readdir(folder)).toSorted()).toEqual(['archive.tar.gz', 'back.tar.gz']);
});

test('a download whose process is killed with -9 is gone on with', async () => {
  await using archive = await stored();
  const { proxy, storage, name, file, content } = archive;
  const stalled = proxy.breakAt({ direction: 'down', afterBytes: sizeBytes / 2, kind: 'stall' });
  const args = [downloadScript, `s3://${s3.server.bucket}`, proxy.endpoint, name, file];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  await stalled;
  await poll(async () => (await stat(`${file}.partial`)).size > sizeBytes / 4, {
    timeoutMs: 30_000,
    onTimeout: () => new Error('nothing arrived'),
  });
  child.kill('SIGKILL');
  await ended;
  const haveBytes = (await stat(`${file}.partial`)).size;

  proxy.heal();
  await storage.fetch(name, file, {});
  expect(proxy.passedBytes.down).toBeLessThan(sizeBytes - haveBytes + overheadBytes);
  expect((await readFile(file)).equals(content)).toBe(true);
});

test('one byte that has changed on the server is refused, and no file appears', async () => {
  await using archive = await stored();
  const { storage, name, file, folder } = archive;
  await s3.server.damage(name, sizeBytes - 5);
  expect((await errorOf(storage.fetch(name, file, {}))).code).toBe('BACKUP_PART_CHANGED');
  expect(await readdir(folder)).toEqual(['archive.tar.gz']);
});

test('a beginning that is not the archive’s is refused once, and fetched anew', async () => {
  await using archive = await stored();
  const { proxy, storage, name, file, content } = archive;
  proxy.breakAt({ direction: 'down', afterBytes: sizeBytes / 2, kind: 'cut' });
  await errorOf(storage.fetch(name, file, {}));
  const { size } = await stat(`${file}.partial`);
  await writeFile(`${file}.partial`, Buffer.alloc(size));
  proxy.heal();
  expect((await errorOf(storage.fetch(name, file, {}))).code).toBe('BACKUP_PART_CHANGED');
  await storage.fetch(name, file, {});
  expect((await readFile(file)).equals(content)).toBe(true);
});

test('a beginning of another archive is thrown away', async () => {
  await using archive = await stored();
  await using other = await stored();
  archive.proxy.breakAt({ direction: 'down', afterBytes: sizeBytes / 2, kind: 'cut' });
  await errorOf(archive.storage.fetch(archive.name, archive.file, {}));
  await other.storage.fetch(other.name, archive.file, {});
  expect((await readFile(archive.file)).equals(other.content)).toBe(true);
});

test('more than the archive has is cut off before it is trusted', async () => {
  await using archive = await stored();
  const { proxy, storage, name, file, content } = archive;
  proxy.breakAt({ direction: 'down', afterBytes: sizeBytes / 2, kind: 'cut' });
  await errorOf(storage.fetch(name, file, {}));
  await writeFile(`${file}.partial`, content);
  await truncate(`${file}.partial`, sizeBytes + 4_096);
  proxy.heal();
  await storage.fetch(name, file, {});
  expect(proxy.passedBytes.down).toBeLessThan(overheadBytes);
  expect((await readFile(file)).equals(content)).toBe(true);
});

test('what another program has put there comes back too, by its own checksum', async () => {
  await using archive = await stored();
  const name = freshName();
  await s3.server.put(name, 'written by another program');
  await archive.storage.fetch(name, archive.file, {});
  expect(await readFile(archive.file, 'utf8')).toBe('written by another program');
});

test('its signal ends a download at once', async () => {
  await using archive = await stored();
  const abort = new AbortController();
  const fetching = archive.storage.fetch(archive.name, archive.file, {
    signal: abort.signal,
    progress: () => abort.abort(new Error('enough')),
  });
  await expect(fetching).rejects.toThrow('enough');
  expect(await readdir(archive.folder)).not.toContain('back.tar.gz');
});
