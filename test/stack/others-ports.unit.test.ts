import { expect, test } from 'vitest';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { portsOfOthers } from '../../sandbox/stack/state/others-ports.ts';
import { removeStackFolder } from '../../sandbox/stack/state/stack-folder.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { emptyState, noSecrets, writeSecrets, writeState } from '../../sandbox/stack/state/stack-state.ts';
import { scratchFolder } from '../backup/support/made-up-archive.ts';
import { useMadeUpEngine } from '../containers/support/made-up-engine.ts';

/**
 * Each has one port: a container that runs is listed with it, one that is down names it only when it is asked. None is one that
 * a stack of another test, which may run beside this one, is given.
 */
const containers = [
  { id: 'runs', stack: 'other', state: 'running', port: 101 },
  { id: 'frozen', stack: 'other', state: 'paused', port: 102 },
  { id: 'killed', stack: 'other', state: 'exited', port: 103 },
  { id: 'not-started', stack: 'other', state: 'created', port: 104 },
  { id: 'own', stack: 'asker', state: 'exited', port: 105 },
];

function listed({ id, stack, state, port }: (typeof containers)[number]) {
  const Ports = ['running', 'paused'].includes(state) ? [{ PrivatePort: 6379, PublicPort: port }] : [];
  return { Id: id, Names: [`/${id}`], State: state, Labels: { [labelNames.stack]: stack }, Mounts: [], Ports };
}

useMadeUpEngine((path) => {
  if (path.includes('/containers/json')) return containers.map(listed);
  const { port } = containers.find(({ id }) => path.includes(`/containers/${id}/`)) ?? {};
  return {
    HostConfig: { PortBindings: { '6379/tcp': [{ HostIp: '127.0.0.1', HostPort: String(port) }], '1/tcp': null } },
  };
});

const isAskers = ({ labels }: { readonly labels: Readonly<Record<string, string>> }) =>
  labels[labelNames.stack] === 'asker';

test('ports of containers count as taken whether these run or not, but for the asker’s own', async () => {
  const ports = await portsOfOthers({ container: isAskers });
  const known = containers.map(({ port }) => port);
  expect(known.filter((port) => ports.has(port))).toEqual([101, 102, 103, 104]);
});

test('so do those that a stack without containers has written down', async () => {
  await using folder = await scratchFolder();
  const { name } = stackIdentity({ directory: folder.path });
  await writeSecrets(folder.path, name, { ...noSecrets, directory: folder.path });
  await writeState(folder.path, { ...emptyState(name), hostPorts: { 'redis:6379': 106 } }, undefined);
  try {
    expect(await portsOfOthers({ container: isAskers })).toContain(106);
    expect(await portsOfOthers({ container: isAskers, stackName: name })).not.toContain(106);
  } finally {
    await removeStackFolder(name);
  }
});
