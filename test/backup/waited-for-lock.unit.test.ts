import { expect, test } from 'vitest';
import { writeBackup } from '../../sandbox/backup/create-backup.ts';
import { openStorage } from '../../sandbox/backup/storage/open-storage.ts';
import type { NodeHandle } from '../../sandbox/containers/nodes/node-spec.ts';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { removeStackFolder } from '../../sandbox/stack/state/stack-folder.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { emptyState, noSecrets, writeSecrets, writeState } from '../../sandbox/stack/state/stack-state.ts';
import { useMadeUpEngine } from '../containers/support/made-up-engine.ts';
import { scratchFolder } from './support/made-up-archive.ts';

let made = { stack: '', nodeState: 'running' };

useMadeUpEngine(() => {
  const Labels = { [labelNames.stack]: made.stack, [labelNames.engine]: 'redis', [labelNames.node]: 'redis' };
  return [{ Id: 'node', Names: ['/node'], State: made.nodeState, Labels, Mounts: [], Ports: [] }];
});

const image = { engine: 'redis', reference: 'made-up', origin: 'built', version: '8.0' } as never;
const node = { name: 'redis', role: 'single', engine: 'redis', containerId: 'node', host: '127.0.0.1', port: 1 };
const redis = { topology: 'standalone' as const, image, serverVersion: '8.0', readyMs: 1, nodes: [node as NodeHandle] };

test('a backup reads the stack as those have left it that it waited for', async () => {
  await using folder = await scratchFolder();
  const at = { directory: folder.path };
  const { name } = stackIdentity(at);
  made = { stack: name, nodeState: 'running' };
  const connections = { redis: { uri: 'redis://127.0.0.1:1', environment: {} } };
  await writeSecrets(folder.path, name, { ...noSecrets, directory: folder.path, connections });
  await writeState(folder.path, { ...emptyState(name), engines: { redis } }, undefined);
  const storage = await openStorage(folder.path);
  let hasWaited = false;
  try {
    const backup = writeBackup({ ...at, engines: ['redis'] }, storage, (work) => {
      hasWaited = true;
      made = { ...made, nodeState: 'exited' };
      return work();
    });
    await expect(backup).rejects.toMatchObject({ code: 'STACK_NOT_RUNNING' });
    expect(hasWaited).toBe(true);
  } finally {
    await removeStackFolder(name);
  }
});
