import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withProcessLock } from '../../sandbox/core/files/process-lock.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taishang-lock-'));
  await writeFile(join(folder, 'file'), '');
});

afterAll(() => rm(folder, { recursive: true }));

test('a lock that somebody holds is waited for', async () => {
  const file = join(folder, 'held');
  await withProcessLock(file, 'a thing', async () => {
    const second = withProcessLock(file, 'a thing', async () => {}, { timeoutMs: 50 });
    await expect(second).rejects.toMatchObject({ code: 'STACK_BUSY' });
  });
  expect(await withProcessLock(file, 'a thing', async () => 'mine')).toBe('mine');
});

test.each([
  ['below a file', (at: string) => join(at, 'file', 'lock')],
  ['in a folder that is not there', (at: string) => join(at, 'gone', 'lock')],
  ['with a name that is too long', (at: string) => join(at, 'x'.repeat(300))],
])('a lock that cannot be made, %s, is no lock that somebody holds', async (_, path) => {
  await expect(withProcessLock(path(folder), 'a thing', async () => {})).rejects.toMatchObject({
    code: 'BAD_OPTION',
    message: expect.stringContaining('cannot be written'),
  });
});
