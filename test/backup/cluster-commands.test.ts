import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBackup } from '../../sandbox/backup/archive/open-archive.ts';
import { writeArchive } from '../../sandbox/backup/archive/write-archive.ts';
import type { BackupReport, RestoreReport } from '../../sandbox/backup/backup-report.ts';
import type { NodeHandle } from '../../sandbox/containers/nodes/node-spec.ts';
import { killNode } from '../../sandbox/containers/nodes/nodes.ts';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers, findNetworks } from '../../sandbox/containers/runtime/objects.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import { connect, openClient } from '../../sandbox/engines/redis/server/connection.ts';
import { describePart } from '../../sandbox/engines/shared/backup/backup-files.ts';
import { attachPartlyRunning, attachStack } from '../../sandbox/stack/attach/attach-stack.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';
import { dataOf } from '../support/data-home.ts';
import { type Fingerprints, fingerprintsOf } from './support/live-stack.ts';
import { ownSigners } from './support/own-signers.ts';

let folder: StackFolder;
let report: BackupReport;
let archive: string;
let good: Fingerprints;
const here = () => ({ cwd: folder.path });
const running = async () => (await attachStack({ directory: folder.path })).engines.get('redis') as RunningEngine;

beforeAll(async () => {
  folder = await stackFolder();
  await runForDocument(['up', '--engines', 'redis', '--topology', 'redis=clustered'], here());
  await onEveryNode((client) => client.acl('SETUSER', ...worker));
  report = await runForDocument<BackupReport>(['backup'], here());
  archive = join(report.archive.location, report.archive.name);
  good = await fingerprintsOf(folder.path);
});
afterAll(async () => {
  if (folder === undefined) return;
  await folder.run('down', '-v', '--name', `${stackIdentity({ directory: folder.path }).name}-restore`);
  await folder[Symbol.asyncDispose]();
});

const worker = ['worker', 'on', 'nopass', '~jobs:*', '+@read'] as const;

async function onEveryNode(work: (client: Redis) => Promise<unknown>): Promise<void> {
  const { nodes, secrets } = await running();
  for (const node of nodes) {
    await using client = await openClient(node, secrets);
    await work(client);
  }
}

/** The archive with other users, signed and sealed as the command does. */
async function withUsers(lines: string): Promise<string> {
  const place = join(folder.path, `made-${crypto.randomUUID().slice(0, 8)}`);
  await mkdir(place);
  await using opened = await openBackup(archive, { temporaryDirectory: place });
  const directory = join(opened.folderOf('redis'), '..');
  await writeFile(join(directory, 'redis', 'users.acl'), lines);
  const part = await describePart(join(directory, 'redis'), 'users.acl');
  const engines = opened.manifest.engines.map((engine) => {
    const parts = engine.backup.parts.map((each) => (each.path === part.path ? part : each));
    return { ...engine, backup: { ...engine.backup, parts } };
  });
  const file = join(place, 'archive.tar.gz');
  const signers = await ownSigners();
  await writeArchive({ manifest: { ...opened.manifest, engines }, directory }, file, { signers });
  return file;
}

describe('a Redis Cluster', { timeout: 300_000 }, () => {
  test('is in the archive of its stack, and comes back in place of the live data', async () => {
    expect(report).toMatchObject({ leftOut: [], engines: [{ engine: 'redis', parts: 5, leftOut: [] }] });
    {
      await using connection = await connect(await running());
      await connection.client.set('written', 'after the backup');
    }

    // A user that the live servers have with the same rules needs no yes.
    const restored = await runForDocument<RestoreReport>(['restore', archive, '--into', 'replace', '--yes'], here());
    expect(restored).toMatchObject({ engines: [{ engine: 'redis', place: 'live' }], doors: [] });
    expect(await fingerprintsOf(folder.path)).toEqual(good);
    const { name } = stackIdentity({ directory: folder.path });
    const staging = { [labelNames.stack]: `${name}-replace` };
    expect(await Promise.all([findContainers(staging), findNetworks(staging)])).toEqual([[], []]);
    expect(await readdir(join(dataOf(folder.path), 'staging'))).toEqual([]);
    await using again = await connect(await running());
    expect(await again.client.set('written', 'after the restore')).toBe('OK');
  });

  test('and beside it, in a cluster of its own', async () => {
    const restored = await runForDocument<RestoreReport>(['restore', archive], here());
    const { name = '' } = restored.restoreStack ?? {};
    const there = (await attachStack({ directory: folder.path, name })).engines.get('redis');
    expect(there).toMatchObject({ topology: 'clustered' });
    await folder.run('down', '-v', '--name', name);
  });
});

describe('an archive of a stranger', { timeout: 300_000 }, () => {
  const digest = 'a'.repeat(64);

  test('whose users open a door is refused, names them, and changes nothing', async () => {
    const before = await fingerprintsOf(folder.path);
    const file = await withUsers(
      `user bob on nopass ~* +@all\nuser "eve on #${digest} ~* &* +@all\nuser quiet on #${digest} ~a +@read\n`,
    );
    for (const into of ['restore', 'replace']) {
      const refused = await runForError(['restore', file, '--into', into, '--yes'], here());
      expect(refused).toMatchObject({ code: 'RESTORE_RIGHTS_NOT_CONFIRMED', exitCode: 2 });
      expect(refused.evidence?.split('\n')).toEqual([
        'redis: user "bob": no password, all commands',
        'redis: user "\\"eve": all commands',
      ]);
    }
    expect(await fingerprintsOf(folder.path)).toEqual(before);
  });

  test('whose users are something else is refused with the line, and nothing of it runs', async () => {
    const before = await fingerprintsOf(folder.path);
    const hostile = [
      'loadmodule /tmp/evil.so',
      'user default off',
      'user bob on nopass ~* +@all\nrename-command GET ""',
      'user bob on >secret ~* +@all',
      'include /etc/passwd',
      'user bob on\tnopass',
      'user bob on\nuser bob on',
    ];
    for (const lines of hostile) {
      const file = await withUsers(`${lines}\n`);
      const refused = await runForError(['restore', file, '--trust-archive'], here());
      expect(refused, lines).toMatchObject({
        code: 'BACKUP_PART_UNREADABLE',
        message: expect.stringMatching(/line [12] /),
      });
      expect(JSON.stringify(refused), lines).not.toContain('set -eu');
    }
    expect(await fingerprintsOf(folder.path)).toEqual(before);
  });

  test('that is trusted brings them, and the report says so', async () => {
    const file = await withUsers('user bob on nopass ~* +@all\n');
    const words = ['restore', file, '--into', 'replace', '--yes', '--trust-archive'];
    const restored = await runForDocument<RestoreReport>(words, here());
    expect(restored.doors).toEqual(['redis: user "bob": no password, all commands']);
    await onEveryNode(async (client) => expect(await client.acl('USERS')).toEqual(['bob', 'default']));
    await onEveryNode((client) => client.acl('DELUSER', 'bob'));
    await onEveryNode((client) => client.acl('SETUSER', ...worker));
  });
});

describe('a node that is down', { timeout: 300_000 }, () => {
  const kill = async (node: string) => {
    type Killed = { readonly broke: { readonly node: string }; readonly takeover: { readonly node?: string } };
    const { broke, takeover } = await runForDocument<Killed>(['fault', 'kill', node], here());
    return { node: broke.node, promoted: takeover.node };
  };

  test('keeps nothing from being backed up while another one has its data, and everything once none has', async () => {
    // Any of them: a replica takes over from one that a busy machine has held up.
    const { node, promoted } = await kill('redis:master');
    const without = await runForDocument<BackupReport>(['backup'], here());
    expect(without.engines).toMatchObject([{ engine: 'redis', parts: 5, nodesDown: [node] }]);
    const { nodes } = (await attachPartlyRunning({ directory: folder.path })).engines.get('redis') as RunningEngine;
    await killNode(nodes.find(({ name }) => name === promoted) as NodeHandle);
    const refused = await runForError(['backup'], here());
    expect(refused).toMatchObject({
      code: 'STACK_NOT_RUNNING',
      message: expect.stringMatching(/has \d+ of the slots/),
    });
    await runForDocument(['up', '--engines', 'redis'], here());
    expect(await runForDocument(['fault', 'list'], here())).toMatchObject({ faults: [] });
    // Users that are in no file are gone with their process.
    await onEveryNode((client) => client.acl('SETUSER', ...worker));
  });
});
