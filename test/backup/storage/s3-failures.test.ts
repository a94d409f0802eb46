import { readdir } from 'node:fs/promises';
import { inspect } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { s3Storage } from '../../../sandbox/backup/storage/s3.ts';
import { isS3Address, parseS3Address } from '../../../sandbox/backup/storage/s3-address.ts';
import type { Storage } from '../../../sandbox/backup/storage/storage.ts';
import { deadlineMs } from '../../../sandbox/core/deadlines.ts';
import { type S3Server, startS3Server } from '../../../scenarios/backup/s3-server/s3-server.ts';
import { startSilentServer } from '../../containers/support/registry.ts';
import { scratchFolder } from '../support/made-up-archive.ts';
import { s3OfFile } from '../support/s3-of-file.ts';
import { openUploads, s3ServerTimeoutMs } from '../support/s3-uploads.ts';
import { errorOf, freshName, randomFile, useKeys } from '../support/storage-cases.ts';

const s3 = s3OfFile();

/** The error of each thing that a storage does. */
async function errorsOf(storage: Storage, folder: string) {
  const { path } = await randomFile(folder, 1_000);
  const name = freshName();
  const errors = {
    list: await errorOf(storage.list()),
    store: await errorOf(storage.store(path, name, {})),
    fetch: await errorOf(storage.fetch(name, `${path}.back`, {})),
    remove: await errorOf(storage.remove(name)),
  };
  expect(await readdir(folder)).toEqual(['archive.tar.gz']);
  return Object.fromEntries(Object.entries(errors).map(([what, { code }]) => [what, code]));
}

function all(code: string) {
  return { list: code, store: code, fetch: code, remove: code };
}

describe('credentials', () => {
  test.each([
    ['a wrong secret', (keys: S3Server) => ({ ...keys, secretAccessKey: 'wrong' })],
    ['an unknown key', () => ({ accessKeyId: 'nobody', secretAccessKey: 'wrong' })],
  ])('%s is STORAGE_DENIED', async (_, change) => {
    await using folder = await scratchFolder();
    useKeys(change(s3.server));
    const storage = s3Storage(`s3://${s3.server.bucket}/denied`, { endpoint: s3.server.endpoint });
    expect(await errorsOf(storage, folder.path)).toEqual(all('STORAGE_DENIED'));
  });

  test('none at all is STORAGE_DENIED, and says how to give some', async () => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) vi.stubEnv(name, undefined);
    await using folder = await scratchFolder();
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', `${folder.path}/none`);
    vi.stubEnv('AWS_CONFIG_FILE', `${folder.path}/none`);
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    const storage = s3Storage(`s3://${s3.server.bucket}`, { endpoint: s3.server.endpoint });
    const error = await errorOf(storage.list());
    expect(error).toMatchObject({ code: 'STORAGE_DENIED', next: expect.stringContaining('AWS_ACCESS_KEY_ID') });
  });

  test('of a file are used as the SDK uses them', async () => {
    await using folder = await scratchFolder();
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, undefined);
    const { writeFile } = await import('node:fs/promises');
    const file = `${folder.path}/credentials`;
    const lines = [
      '[backups]',
      `aws_access_key_id=${s3.server.accessKeyId}`,
      `aws_secret_access_key=${s3.server.secretAccessKey}`,
    ];
    await writeFile(file, lines.join('\n'));
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', file);
    vi.stubEnv('AWS_PROFILE', 'backups');
    vi.stubEnv('AWS_ENDPOINT_URL_S3', s3.server.endpoint);
    expect(await s3Storage(`s3://${s3.server.bucket}/none-yet`).list()).toEqual([]);
  });

  test('are in no error, however it is printed', async () => {
    const secretAccessKey = 'a-secret-that-must-not-be-seen';
    useKeys({ accessKeyId: s3.server.accessKeyId, secretAccessKey });
    const storage = s3Storage(`s3://${s3.server.bucket}`, { endpoint: s3.server.endpoint });
    const printed = inspect(await errorOf(storage.list()), { depth: 20, showHidden: true });
    expect(printed).toContain('STORAGE_DENIED');
    expect(printed).not.toContain(secretAccessKey);
    expect(printed).not.toContain(s3.server.accessKeyId);
  });
});

test('a bucket that is not there is STORAGE_NOT_FOUND', async () => {
  await using folder = await scratchFolder();
  const storage = s3Storage('s3://no-such-bucket/x', { endpoint: s3.server.endpoint });
  expect(await errorsOf(storage, folder.path)).toEqual(all('STORAGE_NOT_FOUND'));
});

test('an archive that is not there is BACKUP_NOT_FOUND', async () => {
  await using folder = await scratchFolder();
  const storage = s3Storage(`s3://${s3.server.bucket}`, { endpoint: s3.server.endpoint });
  const error = await errorOf(storage.fetch(freshName(), `${folder.path}/file`, {}));
  expect(error.code).toBe('BACKUP_NOT_FOUND');
  expect(await readdir(folder.path)).toEqual([]);
});

describe('a server that cannot be reached', () => {
  test('and refuses connections is STORAGE_UNREACHABLE', async () => {
    await using folder = await scratchFolder();
    // Port 9 is "discard": nothing listens there.
    const storage = s3Storage('s3://backups', { endpoint: 'http://127.0.0.1:9' });
    const startedMs = performance.now();
    expect(await errorsOf(storage, folder.path)).toEqual(all('STORAGE_UNREACHABLE'));
    // Four requests of three tries, none of which waits for an answer.
    expect(performance.now() - startedMs).toBeLessThan(4 * deadlineMs('storageAnswer'));
  });

  test('and never says a word is STORAGE_UNREACHABLE within its deadline', async () => {
    await using silent = await startSilentServer();
    const storage = s3Storage('s3://backups', { endpoint: `http://${silent.address}`, answerMs: 300 });
    const startedMs = performance.now();
    expect((await errorOf(storage.list())).code).toBe('STORAGE_UNREACHABLE');
    const durationMs = performance.now() - startedMs;
    expect(durationMs).toBeGreaterThan(300);
    // Three tries that would each wait for the usual deadline.
    expect(durationMs).toBeLessThan(3 * deadlineMs('storageAnswer'));
  });

  test('and has a name that nobody knows is STORAGE_UNREACHABLE', async () => {
    const storage = s3Storage('s3://backups', { endpoint: 'http://nowhere.invalid' });
    expect((await errorOf(storage.list())).code).toBe('STORAGE_UNREACHABLE');
  });
});

test(
  'a full disk is STORAGE_FULL, and shows nothing',
  async () => {
    await using folder = await scratchFolder();
    await using small = await startS3Server({ dataBytes: 20 * 2 ** 20 });
    useKeys(small);
    const { path } = await randomFile(folder.path, 40_000_000);
    const storage = s3Storage(`s3://${small.bucket}`, { endpoint: small.endpoint });
    const error = await errorOf(storage.store(path, freshName(), {}));
    expect(error.code).toBe('STORAGE_FULL');
    expect(await storage.list()).toEqual([]);
    // What was sent is not lost: it can be gone on with, or given up.
    expect(await openUploads(small)).toHaveLength(1);
    await storage.abandonStaleUploads(new Date(Date.now() + 25 * 3_600_000));
    expect(await openUploads(small)).toEqual([]);
  },
  s3ServerTimeoutMs,
);

describe('an address', () => {
  test('is a bucket and a folder', () => {
    expect(parseS3Address('s3://taishang-backups')).toEqual({ bucket: 'taishang-backups', prefix: '' });
    expect(parseS3Address('s3://b1c/a//b/')).toEqual({ bucket: 'b1c', prefix: 'a/b/' });
    expect(isS3Address('/var/backups')).toBe(false);
  });

  test.each(['s3://', 's3://UPPER/x', 's3://a', 's3://bucket/../x', 'http://bucket/x', 's3://bu_cket'])(
    '%s is refused before anything is asked',
    (address) => {
      expect(() => s3Storage(address)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }));
    },
  );

  test.each(['nonsense', 'ftp://host', 'http://user:secret@host'])('a server at %s is refused', (endpoint) => {
    const error = (() => {
      try {
        s3Storage('s3://backups', { endpoint });
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toMatchObject({ code: 'BAD_OPTION' });
    expect(inspect(error)).not.toContain('user:secret');
  });
});
