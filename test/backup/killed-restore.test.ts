import { once } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BackupReport } from '../../sandbox/backup/backup-report.ts';
import { killNode } from '../../sandbox/containers/nodes/nodes.ts';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers, findNetworks, findVolumes } from '../../sandbox/containers/runtime/objects.ts';
import { poll } from '../../sandbox/core/poll.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { startCommand } from '../../scenarios/backup/whole-platform/command.ts';
import { runForDocument, type StackFolder, stackFolder } from '../support/command.ts';
import { dataOf } from '../support/data-home.ts';
import { type RestoredStack, restoredStack, timeout } from './support/killed-restores.ts';
import { fingerprintsOf, leftovers, nothingLeft } from './support/live-stack.ts';

let stack: RestoredStack;
let folder: StackFolder;
const here = () => ({ cwd: folder.path });

beforeAll(async () => {
  stack = await restoredStack();
  ({ folder } = stack);
});
afterAll(() => stack?.[Symbol.asyncDispose]());

/** At random: `scenarios/interrupted-commands.test.ts`, and many times in `npm run test:soak`. */
describe('a restore in place that is killed', () => {
  test('just as the engines change over leaves the data as before or whole', { timeout }, async () => {
    const before = await stack.destroyed();
    const running = startCommand([...stack.replace, '--progress', 'plain'], here());
    const { name } = stackIdentity({ directory: folder.path });
    try {
      await poll(async () => (await findContainers({ [labelNames.stack]: name })).length < 2, {
        timeoutMs: 250_000,
        intervalMs: 1,
        onTimeout: () => new Error('the live nodes were never taken down'),
      });
    } finally {
      running.kill('SIGKILL');
      await running;
    }
    await stack.requireOldOrNew(before);
    await stack.restoreWhole();
  });

  test('while a server of the new nodes is killed fails, with the live data as it was and running', {
    timeout,
  }, async () => {
    const before = await stack.destroyed();
    const running = startCommand([...stack.replace, '--format', 'json', '--progress', 'plain'], here());
    let said = '';
    for await (const chunk of running.stderr) {
      said += String(chunk);
      if (said.includes('start restore / postgresql') || said.includes('done  start beside / postgresql')) break;
    }
    const staging = { [labelNames.beside]: stackIdentity({ directory: folder.path }).name };
    const nodes = await findContainers({ ...staging, [labelNames.engine]: 'postgresql' });
    await Promise.all(nodes.map(({ id }) => killNode({ containerId: id } as Parameters<typeof killNode>[0])));
    expect(nodes).toHaveLength(1);
    expect(await running).toMatchObject({ exitCode: 1 });
    expect(await fingerprintsOf(folder.path)).toEqual(before);
    expect(await leftovers(folder.path)).toEqual(nothingLeft);
  });
});

test('`down -v` after a restore in place was killed leaves nothing', { timeout }, async () => {
  await using other = await stackFolder();
  await runForDocument(['up', '--engines', 'redis'], { cwd: other.path });
  const running = startCommand(['restore', stack.archive, '--into', 'replace', '--yes', '--engines', 'redis'], {
    cwd: other.path,
  });
  const { name } = stackIdentity({ directory: other.path });
  const label = { [labelNames.beside]: name };
  await poll(async () => (await findContainers(label)).length > 0, {
    timeoutMs: 250_000,
    onTimeout: () => new Error('no new node was started'),
  });
  running.kill('SIGKILL');
  await running;
  expect(await other.run('down', '-v')).toMatchObject({ exitCode: 0 });
  for (const labels of [label, { [labelNames.stack]: name }]) {
    expect(await Promise.all([findContainers(labels), findVolumes(labels), findNetworks(labels)])).toEqual([
      [],
      [],
      [],
    ]);
  }
});

test('a backup that is killed leaves no archive, and the next removes what it left', { timeout }, async () => {
  const to = join(folder.path, 'killed');
  await mkdir(to);
  const running = startCommand(['backup', '--to', to, '--progress', 'plain'], here());
  await once(running.stderr, 'data');
  const staging = join(dataOf(folder.path), 'staging');
  await poll(async () => (await readdir(staging)).length > 0, {
    timeoutMs: 60_000,
    intervalMs: 1,
    onTimeout: () => new Error('nothing was written'),
  });
  running.kill('SIGKILL');
  await running;
  expect(await readdir(to)).toEqual([]);
  expect(await readdir(staging)).toHaveLength(1);
  const { archive: made } = await runForDocument<BackupReport>(['backup', '--to', to], here());
  expect(await readdir(to)).toEqual([made.name]);
  expect(await readdir(staging)).toEqual([]);
});
