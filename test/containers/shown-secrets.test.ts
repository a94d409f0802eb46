import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NodeSpec } from '../../sandbox/containers/nodes/node-spec.ts';
import { removeContainer } from '../../sandbox/containers/nodes/nodes.ts';
import { startNode } from '../../sandbox/containers/nodes/start-node.ts';
import { docker } from '../../sandbox/containers/runtime/docker.ts';
import { checked, execInNode } from '../../sandbox/containers/runtime/exec.ts';
import { findDockerEndpoint } from '../../sandbox/containers/runtime/find/docker-endpoint.ts';
import { ownerOfThisProcess } from '../../sandbox/containers/runtime/owner.ts';
import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { poll } from '../../sandbox/core/poll.ts';
import type { Engine } from '../../sandbox/engines/contract/engine.ts';
import { type Secrets, topologyNames } from '../../sandbox/engines/contract/topology.ts';
import { defaultEngines } from '../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { throwAwayName } from '../../sandbox/stack/state/stack-identity.ts';
import { backupOf, takeBackup, temporaryFolder } from '../engines/support/backups.ts';
import { type RecordingProxy, recordingProxy } from './support/recording-proxy.ts';

const engines = (await loadEngines(defaultEngines)) as readonly Engine[];

/** What every process of a container was started with: its environment and its arguments. */
const processes = 'for each in /proc/[0-9]*; do cat "$each/environ" "$each/cmdline" 2>/dev/null; echo; done';

let proxy: RecordingProxy;
let stack: Stack;

beforeAll(async () => {
  const { socketPath } = (await findDockerEndpoint()) ?? {};
  if (socketPath === undefined) throw new Error('this test needs a container engine on a socket of this machine');
  proxy = await recordingProxy(socketPath);
  process.env.DOCKER_HOST = proxy.url;
  stack = await createStack({ size: 'none', connect: false });
});

afterAll(async () => {
  await stack?.dispose();
  await proxy?.[Symbol.asyncDispose]();
});

const valuesOf = (all: readonly Secrets[]) => all.flatMap((secrets) => Object.values(secrets));
const secretsOf = ({ engines: running }: Stack) => valuesOf(Object.values(running).map(({ secrets }) => secrets));

/** Not the whole text in the message: it is long, and a secret may be in it. */
function expectNone(text: string, secrets: readonly string[], what: string): void {
  expect(secrets.length).toBeGreaterThan(0);
  expect(secrets.filter((secret) => secret.length < 8)).toEqual([]);
  const shown = secrets.filter((secret) => text.includes(secret) || text.includes(JSON.stringify(secret).slice(1, -1)));
  expect(shown.length, `${what} shows a secret`).toBe(0);
}

describe.each(engines)('$name', (engine) => {
  test.each(topologyNames)('as %s describes no node with a secret outside of its files', (name) => {
    const topology = engine.topologies[name];
    if (topology === undefined) return;
    const secrets = Object.fromEntries(engine.secretNames.map((each) => [each, `secret-of-${each}`]));
    for (const origin of ['official', 'built', 'compatible'] as const) {
      const image = { reference: '', digest: '', origin };
      const nodes = topology.nodes({ secrets, image, address: () => '127.0.0.1', hostPort: () => 1 });
      for (const { files, ...others } of nodes) {
        expectNone(JSON.stringify(others), Object.values(secrets), name);
        const isForOthers = (files ?? []).filter(({ mode = 0o644 }) => (mode & 0o077) !== 0);
        for (const { path, content } of isForOthers) expectNone(String(content), Object.values(secrets), path);
      }
    }
  });

  test('runs processes that were started without a secret', async () => {
    const running = stack.engines[engine.name as keyof Stack['engines']];
    for (const node of running.nodes) {
      const { output } = checked(await execInNode(node, ['sh', '-c', processes], { user: 'root' }), 'looking');
      // Each has it: what was looked at is what was to be looked at.
      expect(output).toContain('HOSTNAME=');
      expectNone(output, secretsOf(stack), node.name);
      const container = await (await docker()).getContainer(node.containerId).inspect();
      expectNone(JSON.stringify(container), secretsOf(stack), node.name);
    }
  });
});

test('backups, restores and the tools beside them show no secret to the container engine', {
  timeout: 600_000,
}, async () => {
  await using target = await createStack({ size: 'none', schema: false, connect: false });
  await Promise.all(
    engines.map(async (engine) => {
      const running = stack.engines[engine.name as keyof Stack['engines']];
      const into = target.engines[engine.name as keyof Stack['engines']];
      const backup = backupOf(engine);
      await using taken = await takeBackup(engine, running);
      await using folder = await temporaryFolder();
      await backup.bare?.backUp(running, folder.path);
      await backup.restore(into, taken.directory, taken.manifest);
      // Whatever comes of them: they are what must be caught, and some fail.
      await backup.asSpecified?.run(running, into).catch(() => {});
    }),
  );
  const created = proxy.created();
  const count = (kind: string) => created.filter(({ what }) => what === kind).length;
  expect(count('container')).toBeGreaterThan(2 * engines.length);
  expect(count('command')).toBeGreaterThan(0);
  for (const { what, body } of created) expectNone(body, [...secretsOf(stack), ...secretsOf(target)], `a ${what}`);
});

test('PostgreSQL initialises without a password in the environment or the arguments of any process', async () => {
  const running = stack.engines.postgresql;
  const [engine] = engines.filter(({ name }) => name === 'postgresql');
  const topology = engine?.topologies.standalone;
  if (topology === undefined) throw new Error('PostgreSQL has no standalone topology');
  const { image, secrets } = running;
  const [spec] = topology.nodes({ secrets, image, address: () => '', hostPort: () => 0 });
  if (spec === undefined) throw new Error('PostgreSQL has no node');
  // Runs while it initialises, beside the server on the socket and below the entrypoint.
  const look: NonNullable<NodeSpec['files']>[number] = {
    path: '/docker-entrypoint-initdb.d/look.sh',
    // Under its name once it is whole.
    content: `#!/bin/sh\n{ ${processes}; } >/tmp/looking && mv /tmp/looking /tmp/processes\n`,
    mode: 0o755,
  };
  const name = throwAwayName();
  const node = await startNode(
    // Nobody connects to it: a port that was free a moment ago may be somebody else's by now.
    { ...spec, name: 'postgresql', ports: [], volumes: [], files: [...(spec.files ?? []), look] },
    {
      stackName: name,
      engine: 'postgresql',
      image: image.reference,
      network: running.nodes[0]?.network ?? 'bridge',
      labels: { 'dev.taishang.sandbox.purpose': 'throw-away', 'dev.taishang.sandbox.owner': ownerOfThisProcess() },
      hostPorts: {},
      containerName: name,
      volumeNames: {},
    },
  ).catch(async (thrown) => {
    await removeContainer(name);
    throw thrown;
  });
  try {
    const output = await poll(
      async () => {
        const { exitCode, output: text } = await execInNode(node, ['cat', '/proc/1/cmdline', '/tmp/processes']);
        return exitCode === 0 && text.includes('postgres') ? text : undefined;
      },
      { timeoutMs: deadlineMs('nodeReady'), onTimeout: (last) => new Error(`it did not initialise: ${String(last)}`) },
    );
    expect(output).toContain('PGDATA=/var/lib/postgresql/data');
    expectNone(output, valuesOf([secrets]), 'a process that initialises');
  } finally {
    await removeContainer(name);
  }
});
