import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { isOwnerAlive } from '../../sandbox/containers/runtime/owner.ts';
import { deadHolder, holderFile, withProcessLock } from '../../sandbox/core/files/process-lock.ts';
import { poll } from '../../sandbox/core/poll.ts';
import { scratchFolder } from '../backup/support/made-up-archive.ts';

const program = join(import.meta.dirname, '..', '..', 'sandbox', 'core', 'files', 'process-lock.ts');

test('the lock of a process that is stopped stays its, and that of one that was killed is given back', async () => {
  await using folder = await scratchFolder();
  const file = join(folder.path, 'a.lock');
  const script = `
    import { withProcessLock } from ${JSON.stringify(program)};
    await withProcessLock(${JSON.stringify(file)}, 'it', () => {
      console.log('held');
      return new Promise((resolve) => setTimeout(resolve, 600_000));
    });`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const take = (timeoutMs: number) => withProcessLock(file, 'it', async () => 'taken', { timeoutMs });
  try {
    await once(holder.stdout, 'data');
    holder.kill('SIGSTOP');
    expect(await deadHolder(file)).toBeUndefined();
    // Longer than a lock lasts that nobody renews.
    await expect(take(4_500)).rejects.toMatchObject({
      code: 'STACK_BUSY',
      message: expect.stringContaining(`process ${holder.pid},`),
      next: expect.stringContaining(`kill -CONT ${holder.pid}.`),
    });
  } finally {
    holder.kill('SIGKILL');
    await once(holder, 'exit');
  }
  expect(await deadHolder(file)).toBe(holder.pid);
  expect(await take(10_000)).toBe('taken');
  expect(await deadHolder(file)).toBeUndefined();
  expect(await readdir(folder.path)).toEqual([]);
});

test('a lock that is renewed is that of nobody who has ended, though no process here has that number', async () => {
  await using folder = await scratchFolder();
  const file = join(folder.path, 'a.lock');
  const ended = spawn('true');
  await once(ended, 'exit');
  const mark = `${hostname()}:${ended.pid}:1:it`;
  await withProcessLock(file, 'it', async () => {
    await writeFile(holderFile(file), mark);
    // A process that had no core for long renews it late.
    const isRenewed = async () => (await deadHolder(file)) === undefined;
    await poll(isRenewed, { timeoutMs: 60_000, onTimeout: () => new Error('it is not renewed') });
  });
  expect(await deadHolder(file)).toBe(ended.pid);
});

test('the lock of a process that was killed is given back though the clock was put back since', async () => {
  await using folder = await scratchFolder();
  const file = join(folder.path, 'a.lock');
  const ended = spawn('true');
  await once(ended, 'exit');
  await mkdir(file);
  const inAnHour = new Date(Date.now() + 3_600_000);
  await utimes(file, inAnHour, inAnHour);
  const take = (timeoutMs: number) => withProcessLock(file, 'it', async () => 'taken', { timeoutMs });
  await writeFile(holderFile(file), `elsewhere:${ended.pid}:1:it`);
  await expect(take(100)).rejects.toMatchObject({ code: 'STACK_BUSY' });
  await writeFile(holderFile(file), `${hostname()}:${ended.pid}:1:it`);
  expect(await take(10_000)).toBe('taken');
});

test('who has taken a lock meanwhile is still said to have it once it is given back by another', async () => {
  await using folder = await scratchFolder();
  const file = join(folder.path, 'a.lock');
  await withProcessLock(file, 'it', () => writeFile(holderFile(file), 'elsewhere:1:1:other'));
  expect(await readFile(holderFile(file), 'utf8')).toBe('elsewhere:1:1:other');
});

test('a link in the place of the holder is replaced, and not written through', async () => {
  await using folder = await scratchFolder();
  const [file, other] = [join(folder.path, 'a.lock'), join(folder.path, 'other')];
  await writeFile(other, 'as it was');
  await symlink(other, holderFile(file));
  await withProcessLock(file, 'it', async () => {
    expect(await readFile(holderFile(file), 'utf8')).toContain(`:${process.pid}:`);
  });
  expect(await readFile(other, 'utf8')).toBe('as it was');
  expect(await readdir(folder.path)).toEqual(['other']);
});

test('of two in one process the second waits until the first has given the lock back', async () => {
  await using folder = await scratchFolder();
  const file = join(folder.path, 'a.lock');
  const steps: string[] = [];
  const take = (name: string) =>
    withProcessLock(file, 'it', async () => {
      steps.push(`${name} begins`);
      await nextTurn();
      steps.push(`${name} ends`);
    });
  await Promise.all(['one', 'other', 'third'].map(take));
  expect(steps.map((step) => step.split(' ')[1])).toEqual(['begins', 'ends', 'begins', 'ends', 'begins', 'ends']);
  expect(await readdir(folder.path)).toEqual([]);
});

test.skipIf(process.platform !== 'linux')(
  'a process that has ended owns nothing, though nobody has asked how',
  async () => {
    // The second program takes the place of the shell, and waits for no child. A shell that is held up before that may.
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec tail -f /dev/null'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const [said] = await once(parent.stdout, 'data');
      const processId = Number(String(said));
      const isReplaced = async () => (await readFile(`/proc/${parent.pid}/comm`, 'utf8')) === 'tail\n';
      await poll(isReplaced, { timeoutMs: 60_000, onTimeout: () => new Error('the shell is not replaced') });
      process.kill(processId, 'SIGKILL');
      const isZombie = async () => /\) Z /.test(await readFile(`/proc/${processId}/stat`, 'utf8'));
      await poll(isZombie, { timeoutMs: 60_000, onTimeout: () => new Error('it does not end') });
      expect(isOwnerAlive(`${hostname()}:${processId}:`)).toBe(false);
    } finally {
      parent.kill('SIGKILL');
      await once(parent, 'exit');
    }
  },
);
