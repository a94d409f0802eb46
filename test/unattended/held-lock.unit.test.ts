import { writeFile } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { stackLockFile } from '../../sandbox/stack/state/stack-folder.ts';
import { withHeldLock } from '../../sandbox/unattended/held-lock.ts';
import { scratchFolder } from '../backup/support/made-up-archive.ts';
import { errorOf } from '../backup/support/storage-cases.ts';
import { noticesOf, recorder } from '../containers/support/tiny-images.ts';

const name = `taishang-held-${process.pid}`;

function lockOf(directory: string) {
  return { stack: { directory, name }, extension: 'test-lock', what: 'test', code: 'QUALITY_BUSY' } as const;
}

test('those that wait for a lock go on one after the other', async () => {
  await using folder = await scratchFolder();
  let inside = 0;
  const together: number[] = [];
  const work = async () => {
    inside += 1;
    // Long enough for whoever does not wait to come in.
    await new Promise((resolve) => setImmediate(resolve));
    together.push(inside);
    inside -= 1;
  };
  const lock = { ...lockOf(folder.path), waitMs: 30_000 };
  await Promise.all(Array.from({ length: 5 }, () => withHeldLock(lock, work)));
  expect(together).toEqual([1, 1, 1, 1, 1]);
});

test.each(['null', '{}', '{"owner": 7}', 'cut o'])("a lock file that says %s is nobody's", async (content) => {
  await using folder = await scratchFolder();
  const { stack, extension } = lockOf(folder.path);
  await writeFile(await stackLockFile(stack.directory, stack.name, extension), content);
  expect(await withHeldLock(lockOf(folder.path), async () => 'done')).toBe('done');
});

test('who waits in vain is told who holds it, and what it wanted to do is not done', async () => {
  await using folder = await scratchFolder();
  await withHeldLock(lockOf(folder.path), async () => {
    const waiting = withHeldLock({ ...lockOf(folder.path), waitMs: 100 }, () => Promise.reject(new Error('it ran')));
    expect(await errorOf(waiting)).toMatchObject({
      code: 'QUALITY_BUSY',
      message: expect.stringContaining(`by process ${process.pid} on `),
    });
  });
});

test('who waits says once for whom, and who need not wait says nothing', async () => {
  await using folder = await scratchFolder();
  const { events, progress } = recorder();
  const lock = { ...lockOf(folder.path), waitMs: 30_000, progress };
  await withHeldLock(lock, async () => {});
  expect(events).toEqual([]);
  const { promise: done, resolve: finish } = Promise.withResolvers<void>();
  const { promise: isHeld, resolve: hold } = Promise.withResolvers<void>();
  const held = withHeldLock(lockOf(folder.path), () => {
    hold();
    return done;
  });
  await isHeld;
  const waiting = withHeldLock(lock, async () => 'done');
  await vi.waitUntil(() => events.length > 0, { timeout: 10_000, interval: 50 });
  finish();
  expect(await waiting).toBe('done');
  await held;
  expect(noticesOf(events)).toEqual([
    expect.stringMatching(
      new RegExp(
        `^A test of the stack ${name} is under way since 20\\S+Z, by process ${process.pid} on .+ is waited for\\.$`,
      ),
    ),
  ]);
});

test('a signal ends the waiting', async () => {
  await using folder = await scratchFolder();
  const abort = new AbortController();
  await withHeldLock(lockOf(folder.path), async () => {
    const lock = { ...lockOf(folder.path), waitMs: 30_000, signal: abort.signal };
    const waiting = withHeldLock(lock, () => Promise.reject(new Error('it ran')));
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});
