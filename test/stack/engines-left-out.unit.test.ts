import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { type Labels, labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { holderFile } from '../../sandbox/core/files/process-lock.ts';
import type { EngineName } from '../../sandbox/engines/engine-names.ts';
import { attachStack } from '../../sandbox/stack/attach/attach-stack.ts';
import { waitForStack } from '../../sandbox/stack/attach/wait-for-stack.ts';
import { stackLockFile } from '../../sandbox/stack/state/stack-folder.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { killedChanger } from '../../sandbox/stack/state/stack-lock.ts';
import {
  type EngineState,
  emptyState,
  enginesAsTheyWere,
  markStopped,
  noSecrets,
  readState,
  type StackState,
  writeSecrets,
  writeState,
} from '../../sandbox/stack/state/stack-state.ts';
import { ensureStateDirectory } from '../../sandbox/stack/state/state-directory.ts';
import { scratchFolder } from '../backup/support/made-up-archive.ts';

const both = ['postgresql', 'redis'] as const;

/** As a container engine lists one that runs. */
const listed = (engine: EngineName, labels: Labels) => ({
  Id: `${engine}-container`,
  Names: [`/${engine}`],
  Image: engine,
  State: 'running',
  Status: 'Up 3 minutes',
  Labels: { ...labels, [labelNames.engine]: engine },
  Mounts: [],
  Ports: [],
});

const stateOf = (engine: EngineName) =>
  ({
    topology: 'standalone',
    image: { reference: engine, origin: 'built', digest: 'sha256:1' },
    serverVersion: '1',
    readyMs: 1,
    nodes: [{ name: engine, containerId: `${engine}-container` }],
  }) as unknown as EngineState;

interface MadeUpStack {
  /** Default: PostgreSQL and Redis. */
  readonly known?: readonly EngineName[];
  readonly running: readonly EngineName[];
  readonly wanted?: StackState['wanted'];
  readonly stopped?: StackState['stopped'];
}

/** Engines that are attached to in a stack of which these are known, run and are to, or the refusal. */
async function attached(stack: MadeUpStack, engines?: readonly EngineName[]): Promise<readonly string[]> {
  const attach = (directory: string) => attachStack({ directory, ...(engines === undefined ? {} : { engines }) });
  return [...(await onStack(stack, attach)).engines.keys()];
}

async function onStack<Value>(
  { known = both, running, wanted, stopped }: MadeUpStack,
  act: (directory: string) => Promise<Value>,
): Promise<Value> {
  await using folder = await scratchFolder();
  const { name, directory } = stackIdentity({ directory: folder.path });
  const connections = Object.fromEntries(both.map((engine) => [engine, { uri: `${engine}://`, environment: {} }]));
  await writeSecrets(directory, name, { ...noSecrets, directory, connections });
  const states = Object.fromEntries(known.map((engine) => [engine, stateOf(engine)]));
  await writeState(directory, { ...emptyState(name), engines: states, wanted, stopped }, undefined);
  const containers = running.map((engine) => listed(engine, { [labelNames.stack]: name }));
  const socket = join(folder.path, 'docker.sock');
  const server = createServer((request, response) => {
    response.end(request.url === '/_ping' ? 'OK' : JSON.stringify(containers));
  });
  await once(server.listen(socket), 'listening');
  vi.stubEnv('DOCKER_HOST', `unix://${socket}`);
  try {
    return await act(directory);
  } finally {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    server.close();
  }
}

const refused = (engines: string) => ({
  code: 'STACK_NOT_RUNNING',
  message: expect.stringContaining(`Not running: ${engines}.`),
});

test('an engine that was left out when the stack was started again is asked for by nobody who names none', async () => {
  expect(await attached({ running: ['postgresql'], wanted: ['postgresql'] })).toEqual(['postgresql']);
});

test('who names it is told that it does not run', async () => {
  await expect(attached({ running: ['postgresql'], wanted: ['postgresql'] }, ['redis'])).rejects.toMatchObject(
    refused('redis'),
  );
});

test('one that is to run and does not is passed over by nobody', async () => {
  await expect(attached({ running: ['postgresql'], wanted: both })).rejects.toMatchObject(refused('redis'));
});

test.each([[[]], [undefined]])('where none is to run, all that the stack has are meant: %j', async (wanted) => {
  await expect(attached({ running: [], wanted })).rejects.toMatchObject(refused('postgresql, redis'));
  await expect(attached({ running: ['postgresql'], wanted })).rejects.toMatchObject(refused('redis'));
  expect(await attached({ running: ['postgresql', 'redis'], wanted })).toEqual(['postgresql', 'redis']);
});

test('who waits for a stack waits for those that its first start has not come to yet', async () => {
  const starting = { known: ['redis'], running: ['redis'], wanted: both } as const;
  await expect(onStack(starting, (directory) => waitForStack({ directory, timeoutMs: 60 }))).rejects.toMatchObject({
    code: 'NODE_NOT_READY',
    message: expect.stringContaining('Not there yet: postgresql.'),
  });
});

test('who waits for one whose starter was killed is told so, and not kept until the end', async () => {
  const ended = spawnSync('true');
  const starting = { known: ['redis'], running: ['redis'], wanted: both } as const;
  const waiting = onStack(starting, async (directory) => {
    const { name } = stackIdentity({ directory });
    const lock = await stackLockFile(directory, name, 'lock');
    await writeFile(holderFile(lock), `${hostname()}:${ended.pid}:1:it`);
    try {
      return await waitForStack({ directory, timeoutMs: 60_000 });
    } finally {
      await rm(holderFile(lock));
    }
  });
  await expect(waiting).rejects.toMatchObject({
    code: 'STACK_NOT_RUNNING',
    message: expect.stringContaining(`Process ${ended.pid}, which was at it, was killed`),
  });
});

test('what a killed process left where locks are no longer kept is of no start that is waited for', async () => {
  await using folder = await scratchFolder();
  const { name, directory } = stackIdentity({ directory: folder.path });
  const ended = spawnSync('true');
  const mark = `${hostname()}:${ended.pid}:1:it`;
  const lock = await stackLockFile(directory, name, 'lock');
  await writeFile(holderFile(join(await ensureStateDirectory(directory), `${name}.lock`)), mark);
  expect(await killedChanger(directory, name)).toBeUndefined();
  await writeFile(holderFile(lock), mark);
  expect(await killedChanger(directory, name)).toBe(ended.pid);
  await rm(holderFile(lock));
});

describe('a stack is started again, and reset, with the engines that it ran with', () => {
  const engines = { postgresql: stateOf('postgresql'), redis: stateOf('redis') };
  const asTheyWere = (state: Pick<StackState, 'wanted' | 'stopped'>) => enginesAsTheyWere({ engines, ...state });

  test('while some of it runs, and after it was taken down', () => {
    expect(asTheyWere({ wanted: ['redis'], stopped: both })).toEqual(['redis']);
    expect(asTheyWere({ wanted: [], stopped: ['redis'] })).toEqual(['redis']);
  });

  test('and not with one that was left out, where nothing is known of those that a killed start was bringing up', async () => {
    expect(asTheyWere({ wanted: ['qdrant'], stopped: ['redis'] })).toEqual(['redis']);
    const killed = { running: [], wanted: ['qdrant'], stopped: ['redis'] } as const;
    const state = await onStack(killed, async (directory) => {
      const { name } = stackIdentity({ directory });
      await markStopped(directory, name);
      return readState(directory, name);
    });
    expect(state).toMatchObject({ wanted: [], stopped: ['redis'] });
  });

  test('with all where nobody knows which those were', () => {
    for (const state of [{}, { wanted: [] }, { wanted: [], stopped: ['qdrant'] }])
      expect(asTheyWere(state)).toEqual(both);
  });

  test('however often it is taken down', async () => {
    const state = await onStack({ running: [], wanted: ['redis'] }, async (directory) => {
      const { name } = stackIdentity({ directory });
      await markStopped(directory, name);
      await markStopped(directory, name);
      return readState(directory, name);
    });
    expect(state).toMatchObject({ wanted: [], stopped: ['redis'] });
  });
});
