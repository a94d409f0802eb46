import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { foreignInfluence } from '../../sandbox/core/files/ownership.ts';
import { withUserLock } from '../../sandbox/core/files/process-lock.ts';
import { userFolder } from '../../sandbox/core/files/user-folder.ts';

const isRoot = process.getuid?.() === 0;
/** `nobody`, somebody else on every machine. */
const other = 65_534;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taishang-user-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

describe('what others decide about is not ours', () => {
  test('a file in folders of this user and of root is', async () => {
    expect(await foreignInfluence(folder)).toBeUndefined();
  });

  test('a folder that everybody may change is not, unless it is sticky', async () => {
    const open = join(folder, 'open');
    await mkdir(join(open, 'inner'), { recursive: true });
    await chmod(open, 0o777);
    expect(await foreignInfluence(join(open, 'inner'))).toContain(open);
    await chmod(open, 0o1777);
    expect(await foreignInfluence(join(open, 'inner'))).toBeUndefined();
  });

  test.runIf(isRoot)('a folder, a link and a target of another user are not', async () => {
    const [theirs, ours] = [join(folder, 'theirs'), join(folder, 'ours')];
    await mkdir(join(theirs, 'inner'), { recursive: true });
    await symlink(theirs, ours);
    expect(await foreignInfluence(join(ours, 'inner'))).toBeUndefined();
    await chown(theirs, other, other);
    expect(await foreignInfluence(theirs)).toContain(`user ${other}`);
    expect(await foreignInfluence(join(ours, 'inner'))).toContain(theirs);
  });
});

describe('the folder of a user', () => {
  test('is the runtime folder, for this user alone', async () => {
    const path = await userFolder({ XDG_RUNTIME_DIR: folder });
    expect(path).toBe(join(folder, 'taishang-sandbox'));
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    await chmod(path, 0o755);
    expect(await userFolder({ XDG_RUNTIME_DIR: folder })).toBe(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  test('is never one that another could have put there, nor a link', async () => {
    const open = join(folder, 'open');
    await mkdir(open);
    await chmod(open, 0o777);
    expect(await userFolder({ XDG_RUNTIME_DIR: open })).not.toContain(folder);
    const linked = join(folder, 'linked');
    await mkdir(linked);
    await symlink(open, join(linked, 'taishang-sandbox'));
    expect(await userFolder({ XDG_RUNTIME_DIR: linked })).not.toContain(folder);
  });

  test.runIf(isRoot)('is not one of another user', async () => {
    await mkdir(join(folder, 'taishang-sandbox'));
    await chown(join(folder, 'taishang-sandbox'), other, other);
    expect(await userFolder({ XDG_RUNTIME_DIR: folder })).not.toContain(folder);
  });
});

describe('a lock of a user', () => {
  test('is not held up by what others put into the folder for temporary files', async () => {
    vi.stubEnv('TMPDIR', folder);
    vi.stubEnv('XDG_RUNTIME_DIR', undefined);
    const user = process.getuid?.() ?? 0;
    const squatted = ['docker', 'base'].map((name) => join(folder, `taishang-sandbox-${name}-${user}.lock`));
    await Promise.all(squatted.map((path) => mkdir(path, { recursive: true })));
    if (isRoot) await Promise.all(squatted.map((path) => chown(path, other, other)));
    for (const name of ['docker', 'base']) {
      expect(await withUserLock(`test-${name}`, 'nothing', async () => 'done', { timeoutMs: 30_000 })).toBe('done');
    }
  });

  test('keeps two processes of this user apart', async () => {
    vi.stubEnv('XDG_RUNTIME_DIR', folder);
    const script = `
      import { withUserLock } from '${join(import.meta.dirname, '..', '..', 'sandbox', 'core', 'files', 'process-lock.ts')}';
      await withUserLock('shared', 'nothing', async () => { console.log('held'); await new Promise((resolve) => process.stdin.once('data', resolve)); });
      process.exit();`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, XDG_RUNTIME_DIR: folder },
    });
    await once(holder.stdout, 'data');
    const busy = withUserLock('shared', 'nothing', async () => 'taken', { timeoutMs: 200 });
    await expect(busy).rejects.toMatchObject({ code: 'STACK_BUSY' });
    holder.stdin.end('go\n');
    await once(holder, 'exit');
    expect(await withUserLock('shared', 'nothing', async () => 'free', { timeoutMs: 10_000 })).toBe('free');
  });
});
