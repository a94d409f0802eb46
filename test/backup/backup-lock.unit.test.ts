import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { withBackupLock } from '../../sandbox/backup/backup-lock.ts';
import { stackLockFile } from '../../sandbox/stack/state/stack-folder.ts';
import { dataOf } from '../support/data-home.ts';
import { scratchFolder } from './support/made-up-archive.ts';
import { errorOf } from './support/storage-cases.ts';

const name = `taishang-test-${process.pid}`;
const never = () => Promise.reject(new Error('it ran'));

/** A process that holds the lock. */
async function startHolder(directory: string) {
  const script = join(import.meta.dirname, 'support', 'hold-lock.ts');
  const child = spawn(process.execPath, [script, directory, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return {
    processId: child.pid,
    async kill() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

test('while a backup runs, another or a restore of the stack is refused at once', async () => {
  await using folder = await scratchFolder();
  const stack = { directory: folder.path, name };
  const ran = await withBackupLock(stack, 'backup', async () => {
    for (const what of ['backup', 'restore'] as const) {
      const error = await errorOf(withBackupLock(stack, what, never));
      expect(error).toMatchObject({ code: 'BACKUP_BUSY', next: expect.stringContaining(`kill ${process.pid}`) });
    }
    return withBackupLock({ ...stack, name: 'another' }, 'backup', async () => 'another stack is not concerned');
  });
  expect(ran).toBe('another stack is not concerned');
  const locks = join(dirname(dirname(dataOf(folder.path))), 'locks');
  expect((await readdir(locks)).filter((file) => file.startsWith(`${name}.`))).toEqual([]);
});

test('the lock is given back by work that fails', async () => {
  await using folder = await scratchFolder();
  const stack = { directory: folder.path, name };
  await expect(withBackupLock(stack, 'backup', never)).rejects.toThrow('it ran');
  expect(await withBackupLock(stack, 'backup', async () => 'free')).toBe('free');
});

test('another process is named with its id and since when; once it is killed the lock is free at once', async () => {
  await using folder = await scratchFolder();
  const stack = { directory: folder.path, name };
  const holder = await startHolder(folder.path);
  const { code, message } = await errorOf(withBackupLock(stack, 'backup', never));
  expect(code).toBe('BACKUP_BUSY');
  expect(message).toMatch(
    new RegExp(`A restore of the stack ${name} is under way since 20\\S+Z, by process ${holder.processId} `),
  );
  await holder.kill();
  // As if it had been taken a moment ago, so that no age of it sets it free; who would have to wait is refused.
  const soon = new Date(Date.now() + 3_600_000);
  await utimes(await stackLockFile(folder.path, name, 'backup-lock'), soon, soon);
  expect(await withBackupLock(stack, 'backup', async () => 'free')).toBe('free');
});

test('a lock of a machine that nobody can ask says how it is given back', async () => {
  await using folder = await scratchFolder();
  const stack = { directory: folder.path, name };
  const file = await stackLockFile(folder.path, name, 'backup-lock');
  const holder = { owner: 'elsewhere:1:1', what: 'backup', since: '2026-11-30T03:00:00.000Z', id: 'x' };
  await writeFile(file, JSON.stringify(holder));
  const { code, next } = await errorOf(withBackupLock(stack, 'backup', never));
  expect({ code, next }).toEqual({ code: 'BACKUP_BUSY', next: expect.stringContaining(`remove ${file}`) });
  await rm(file);
  expect(await withBackupLock(stack, 'backup', async () => 'free')).toBe('free');
});

test('of many that begin together one runs', async () => {
  await using folder = await scratchFolder();
  const stack = { directory: folder.path, name };
  const { promise: done, resolve: finish } = Promise.withResolvers<void>();
  const refused: string[] = [];
  const all = Array.from({ length: 8 }, async () => {
    try {
      return await withBackupLock(stack, 'backup', () => done.then(() => 'ran'));
    } catch (thrown) {
      refused.push((thrown as { code: string }).code);
      if (refused.length === 7) finish();
      return 'refused';
    }
  });
  expect((await Promise.all(all)).filter((end) => end === 'ran')).toHaveLength(1);
  expect(refused).toEqual(Array(7).fill('BACKUP_BUSY'));
});

test('what is no lock of ours does not lock for ever', async () => {
  await using folder = await scratchFolder();
  await writeFile(await stackLockFile(folder.path, name, 'backup-lock'), '');
  expect(await withBackupLock({ directory: folder.path, name }, 'backup', async () => 'free')).toBe('free');
});
