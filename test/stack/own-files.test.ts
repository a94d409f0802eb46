import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findVolumes } from '../../sandbox/containers/runtime/objects.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { keyLabel, provenanceOf } from '../../sandbox/stack/state/stack-key.ts';
import type { StackSecrets, StackState } from '../../sandbox/stack/state/stack-state.ts';
import { runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';
import { dataOf } from '../support/data-home.ts';

const upRedis = ['up', '--engines', 'redis', '--size', 'none'];
const file = ({ path }: StackFolder, kind: 'state' | 'secrets') =>
  join(dataOf(path), `${stackIdentity({ directory: path }).name}.${kind}.json`);
const read = async <Content>(path: string) => JSON.parse(await readFile(path, 'utf8')) as Content;
const volumesOf = async ({ path }: StackFolder) =>
  (await findVolumes({ [labelNames.stack]: stackIdentity({ directory: path }).name })).map(({ name }) => name);

test('passwords and a state that came with the checkout are not used', async () => {
  await using first = await stackFolder();
  await using other = await stackFolder();
  await runForDocument(upRedis, { cwd: other.path });
  const known = await read<StackSecrets>(file(other, 'secrets'));
  const knownState = await read<StackState>(file(other, 'state'));
  const { name } = stackIdentity({ directory: first.path });
  const inCheckout = (kind: string) => join(first.path, '.sandbox', `${name}.${kind}.json`);
  const bring = async () => {
    await mkdir(join(first.path, '.sandbox'), { recursive: true });
    await writeFile(inCheckout('secrets'), JSON.stringify(known), { mode: 0o600 });
    await writeFile(inCheckout('state'), JSON.stringify({ ...knownState, name, hostPorts: { 'redis:6379': 1 } }));
  };
  await bring();

  await runForDocument(upRedis, { cwd: first.path });
  const own = await read<StackSecrets>(file(first, 'secrets'));
  const passwords = (secrets: StackSecrets) => Object.values(secrets.secrets.redis ?? {});
  expect(passwords(own).length).toBeGreaterThan(0);
  expect(passwords(own).filter((password) => passwords(known).includes(password))).toEqual([]);
  expect(own.key).not.toBe(known.key);

  // Neither are those that come later, while the stack is there, running or not.
  const environment = await runForDocument(['env'], { cwd: first.path });
  await bring();
  expect(await runForDocument(['env'], { cwd: first.path })).toEqual(environment);
  await runForDocument(upRedis, { cwd: first.path });
  expect(await read<StackSecrets>(file(first, 'secrets'))).toEqual(own);

  // Nor are they where the stack's own are gone, or somebody has put others in their place.
  const before = await readFile(file(first, 'secrets'));
  await rm(file(first, 'secrets'));
  expect(await runForError(['env'], { cwd: first.path })).toMatchObject({ exitCode: 1, code: 'SECRETS_LOST' });
  await writeFile(file(first, 'secrets'), JSON.stringify({ ...known, directory: first.path }));
  for (const command of [['env'], upRedis, ['backup']]) {
    expect(await runForError(command, { cwd: first.path })).toMatchObject({ exitCode: 1, code: 'SECRETS_LOST' });
  }
  const shown = await runForDocument<object>(['status'], { cwd: first.path });
  expect(shown).toMatchObject({ state: 'running', engines: [{ engine: 'redis' }] });
  await first.run('down');
  expect(await runForError(upRedis, { cwd: first.path })).toMatchObject({ exitCode: 1, code: 'SECRETS_LOST' });
  await writeFile(file(first, 'secrets'), before);
  await runForDocument(upRedis, { cwd: first.path });
});

test('a state that its sandbox did not write loses no data', async () => {
  await using folder = await stackFolder();
  await runForDocument(upRedis, { cwd: folder.path });
  const volumes = await volumesOf(folder);
  const environment = await runForDocument(['env'], { cwd: folder.path });
  const state = await read<StackState>(file(folder, 'state'));
  const { seal: _, ...unsealed } = state;
  for (const forged of [
    { ...state, unfinished: ['redis'] },
    { ...unsealed, unfinished: ['redis'] },
    { ...state, seal: 'a'.repeat(64), engines: { redis: { ...state.engines.redis, generation: 7 } } },
  ]) {
    await writeFile(file(folder, 'state'), JSON.stringify(forged));
    await runForDocument(upRedis, { cwd: folder.path });
    expect(await volumesOf(folder)).toEqual(volumes);
    expect(await runForDocument(['env'], { cwd: folder.path })).toEqual(environment);
  }
});

test('what an earlier version wrote is taken over, unless others could have written it', async () => {
  const secrets = { isPrivate: true };
  const unlabelled = [{ labels: {} }];
  expect(provenanceOf(secrets, unlabelled)).toBe('ours');
  expect(provenanceOf({ isPrivate: false }, unlabelled)).toBe('foreign');
  expect(provenanceOf(secrets, [])).toBe('unknown');
  expect(provenanceOf(secrets, [{ labels: { [labelNames.key]: keyLabel('a') } }])).toBe('foreign');
  expect(provenanceOf({ isPrivate: true, key: 'a' }, [{ labels: { [labelNames.key]: keyLabel('a') } }])).toBe('ours');
});

test('everything in the folder of a stack is for its owner alone, also what lay there before', async () => {
  await using folder = await stackFolder();
  const directory = dataOf(folder.path);
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o755);
  await runForDocument(upRedis, { cwd: folder.path });
  await runForDocument(['backup'], { cwd: folder.path });
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  expect(files.length).toBeGreaterThan(2);
  for (const path of files) expect([path, (await stat(path)).mode & 0o077]).toEqual([path, 0]);
  await rm(join(directory, 'backups'), { recursive: true });
});
