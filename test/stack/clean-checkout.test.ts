import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import type { BackupReport } from '../../sandbox/backup/backup-report.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import type { StackSecrets } from '../../sandbox/stack/state/stack-state.ts';
import { runCommand, runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';
import { dataOf } from '../support/data-home.ts';

const upRedis = ['up', '--engines', 'redis', '--size', 'none'];
const environmentOf = ({ path }: StackFolder) => runForDocument<Record<string, string>>(['env'], { cwd: path });

async function withRedis<Value>(place: StackFolder, ask: (client: Redis) => Promise<Value>): Promise<Value> {
  const client = new Redis((await environmentOf(place)).REDIS_URL ?? '');
  try {
    return await ask(client);
  } finally {
    client.disconnect();
  }
}

test('`git clean -fdx` takes no password, no port, no data and no backup, whether the stack is up or down', async () => {
  await using folder = await stackFolder();
  const git = (...args: string[]) => execa('git', args, { cwd: folder.path });
  const clean = async () => {
    await writeFile(join(folder.path, 'untracked'), '');
    await git('clean', '-fdx');
    expect(await readdir(folder.path)).toEqual(['.git']);
  };
  await git('init');
  await runForDocument(upRedis, { cwd: folder.path });
  await withRedis(folder, (client) => client.set('written', 'by its user'));
  const { archive } = await runForDocument<BackupReport>(['backup'], { cwd: folder.path });
  const [before, status] = await Promise.all([environmentOf(folder), runForDocument(['status'], { cwd: folder.path })]);

  await clean();
  expect(await environmentOf(folder)).toEqual(before);
  expect(await runForDocument(['status'], { cwd: folder.path })).toEqual(status);
  expect(await runForDocument(upRedis, { cwd: folder.path })).toMatchObject({ attached: true });

  expect(await folder.run('down')).toMatchObject({ exitCode: 0 });
  await clean();
  await runForDocument(upRedis, { cwd: folder.path });
  expect(await environmentOf(folder)).toEqual(before);
  expect(await withRedis(folder, (client) => client.get('written'))).toBe('by its user');

  await withRedis(folder, (client) => client.set('written', 'afterwards'));
  await runForDocument(['restore', archive.name, '--into', 'replace', '--yes'], { cwd: folder.path });
  expect(await withRedis(folder, (client) => client.get('written'))).toBe('by its user');
  expect(await folder.run('down', '-v')).toMatchObject({ exitCode: 0 });
  expect(existsSync(join(archive.location, archive.name))).toBe(true);
});

test('files that version 0.1 kept in the project are used, and moved by the next start', async () => {
  await using folder = await stackFolder();
  const { name } = stackIdentity({ directory: folder.path });
  const inProject = join(folder.path, '.sandbox');
  await runForDocument(upRedis, { cwd: folder.path });
  await withRedis(folder, (client) => client.set('written', 'by its user'));
  const { archive } = await runForDocument<BackupReport>(['backup'], { cwd: folder.path });
  const before = await environmentOf(folder);
  await rm(inProject, { recursive: true, force: true });
  await rename(dataOf(folder.path), inProject);
  // That version published nothing.
  await rm(join(inProject, 'metrics'), { recursive: true });
  const { directory: _, ...secrets } = JSON.parse(
    await readFile(join(inProject, `${name}.secrets.json`), 'utf8'),
  ) as StackSecrets;
  await writeFile(join(inProject, `${name}.secrets.json`), JSON.stringify(secrets));
  await writeFile(join(inProject, 'backups', 'taishang-backup-20200101_000000.tar.gz'), 'of somebody else');

  expect(await environmentOf(folder)).toEqual(before);
  expect(await runForDocument(['status'], { cwd: folder.path })).toMatchObject({ state: 'running' });
  await folder.run('down');
  const up = await runCommand([...upRedis, '--progress', 'plain'], { cwd: folder.path });
  expect(up).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('1 backup moved from') });
  expect(await environmentOf(folder)).toEqual(before);
  expect(await withRedis(folder, (client) => client.get('written'))).toBe('by its user');
  expect((await readdir(inProject, { recursive: true })).filter((path) => path.includes('.'))).toEqual([
    'backups/taishang-backup-20200101_000000.tar.gz',
  ]);
  expect(await readdir(join(dataOf(folder.path), 'backups'))).toEqual([archive.name]);
});

test('a stack whose name that of another project has is left alone; one whose project has moved is taken along', async () => {
  await using other = await stackFolder();
  const old = await realpath(await mkdtemp(join(tmpdir(), 'taishang-moved-')));
  const name = `taishang-named-${process.pid}`;
  const [here, there] = [{ cwd: other.path }, { cwd: old }];
  const moved = join(other.path, 'moved');
  try {
    await runForDocument([...upRedis, '--name', name], there);
    const before = await runForDocument(['env', '--name', name], there);
    for (const command of [upRedis, ['status'], ['env'], ['down', '-v']]) {
      const error = await runForError([...command, '--name', name], here);
      expect(error).toMatchObject({ exitCode: 1, code: 'NAME_TAKEN', next: expect.stringContaining(old) });
    }
    await rename(old, moved);
    const first = await runCommand([...upRedis, '--progress', 'plain'], { cwd: moved });
    expect(first.stderr).toContain(`The stack ${name} of ${old}, which is not there any more, still has its data`);
    expect(await runCommand(['down', '-v'], { cwd: moved })).toMatchObject({ exitCode: 0 });
    expect(await runForDocument(['env', '--name', name], { cwd: moved })).toEqual(before);
    await runForDocument([...upRedis, '--name', name], { cwd: moved });
  } finally {
    await mkdir(moved, { recursive: true });
    expect(await runCommand(['down', '-v', '--name', name], { cwd: moved })).toMatchObject({ exitCode: 0 });
    await rm(old, { recursive: true, force: true });
  }
});
