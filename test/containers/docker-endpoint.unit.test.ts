import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { inspectHost } from '../../sandbox/containers/host/host-findings.ts';
import { listContainers } from '../../sandbox/containers/runtime/docker.ts';
import {
  findDockerEndpoint,
  firstTrusted,
  passedOverSockets,
  usualSockets,
} from '../../sandbox/containers/runtime/find/docker-endpoint.ts';
import { ensureDocker } from '../../sandbox/containers/runtime/find/docker-host.ts';
import { askSilentEnginesAgain, countAsSilent } from '../../sandbox/containers/runtime/find/silent-engines.ts';
import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { SandboxError } from '../../sandbox/core/errors.ts';
import { silent } from '../../sandbox/core/progress.ts';
import { attachIfCurrent } from '../../sandbox/stack/attach/attach-stack.ts';
import { runForError } from '../support/command.ts';
import { seed, seedText } from '../support/seed.ts';

let folder: string;
const servers: Server[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taishang-endpoint-'));
  vi.stubEnv('DOCKER_HOST', undefined);
  vi.stubEnv('DOCKER_CONTEXT', undefined);
  vi.stubEnv('DOCKER_CONFIG', folder);
});
afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  for (const server of servers) server.closeAllConnections();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  await rm(folder, { recursive: true, force: true });
});

/** Something that answers a ping as a container engine does, on a socket or a free port. */
async function startPingServer(
  where: string | 0,
  status = 200,
  otherwise: (response: ServerResponse) => void = (response) => response.writeHead(404).end('OK'),
): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === '/_ping') response.writeHead(status).end('OK');
    else otherwise(response);
  });
  servers.push(server);
  await new Promise<void>((resolve) =>
    where === 0 ? server.listen(0, '127.0.0.1', resolve) : server.listen(where, resolve),
  );
  return server;
}

/** The docker client's context `name`, as its file tells it. */
async function writeContext(name: string, host: string): Promise<void> {
  const meta = join(folder, 'contexts/meta', createHash('sha256').update(name).digest('hex'));
  await mkdir(meta, { recursive: true });
  await writeFile(join(meta, 'meta.json'), JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }));
}

test('DOCKER_HOST comes first', async () => {
  const socketPath = join(folder, 'host.sock');
  await startPingServer(socketPath);
  vi.stubEnv('DOCKER_HOST', `unix://${socketPath}`);
  expect(await findDockerEndpoint()).toEqual({ url: `unix://${socketPath}`, socketPath });
});

test('DOCKER_HOST may name a port', async () => {
  const { port } = (await startPingServer(0)).address() as AddressInfo;
  vi.stubEnv('DOCKER_HOST', `tcp://127.0.0.1:${port}`);
  expect(await findDockerEndpoint()).toEqual({ url: `tcp://127.0.0.1:${port}` });
});

test.each(['unix:///nowhere/docker.sock', 'tcp://127.0.0.1:9'])(
  'nothing else is used where DOCKER_HOST is %s, which does not answer',
  async (url) => {
    vi.stubEnv('DOCKER_HOST', url);
    expect(await findDockerEndpoint()).toBeUndefined();
    await expect(ensureDocker({ install: 'auto', progress: silent })).rejects.toMatchObject({
      code: 'DOCKER_NOT_FOUND',
      message: expect.stringContaining(url),
    });
  },
);

test.each([
  ['ssh://-oProxyCommand=id', 'BAD_OPTION', "not the address of another machine's container engine"],
  ['ssh://me:secret@elsewhere', 'BAD_OPTION', "not the address of another machine's container engine"],
  ['npipe:////./pipe/docker_engine', 'BAD_OPTION', 'not the address of a container engine on this system'],
  ['garbage', 'BAD_OPTION', 'not the address of a container engine'],
  ['unix://', 'BAD_OPTION', 'not the address of a container engine'],
  ['tcp://', 'BAD_OPTION', 'not the address of a container engine'],
  ['tcp://a b', 'BAD_OPTION', 'not the address of a container engine'],
  ['://', 'BAD_OPTION', 'not the address of a container engine'],
  ['constructor://x', 'BAD_OPTION', 'not the address of a container engine'],
] as const)('an address that cannot be used is named: %s', async (url, code, text) => {
  const refused = { code, message: expect.stringContaining(text), next: expect.stringContaining('DOCKER_HOST') };
  vi.stubEnv('DOCKER_HOST', url);
  await expect(findDockerEndpoint()).rejects.toMatchObject(refused);
  vi.stubEnv('DOCKER_HOST', undefined);
  await writeContext('named', url);
  vi.stubEnv('DOCKER_CONTEXT', 'named');
  await expect(findDockerEndpoint()).rejects.toMatchObject(refused);
});

test(`no text in DOCKER_HOST is an error that nobody foresaw (${seedText})`, async () => {
  const texts = fc.tuple(fc.constantFrom('', 'unix://', 'ssh://-', 'npipe://', 'x://', 'tcp://['), fc.string());
  await fc.assert(
    fc.asyncProperty(texts, async (parts) => {
      vi.stubEnv('DOCKER_HOST', parts.join('').replaceAll('\0', '') || '-');
      const found = await findDockerEndpoint().catch((thrown: unknown) => thrown);
      expect(found instanceof Error && !(found instanceof SandboxError)).toBe(false);
    }),
    { seed, numRuns: 200 },
  );
});

test('a socket on which something else answers is no container engine', async () => {
  const socketPath = join(folder, 'other.sock');
  await startPingServer(socketPath, 404);
  vi.stubEnv('DOCKER_HOST', `unix://${socketPath}`);
  expect(await findDockerEndpoint()).toBeUndefined();
});

test("the docker client's current context comes before the usual sockets", async () => {
  const socketPath = join(folder, 'context.sock');
  await startPingServer(socketPath);
  await writeContext('laptop', `unix://${socketPath}`);
  await writeFile(join(folder, 'config.json'), JSON.stringify({ currentContext: 'laptop' }));
  expect(await findDockerEndpoint()).toEqual({ url: `unix://${socketPath}`, socketPath });
});

test('DOCKER_CONTEXT names a context without any configuration file', async () => {
  const socketPath = join(folder, 'named.sock');
  await startPingServer(socketPath);
  await writeContext('named', `unix://${socketPath}`);
  vi.stubEnv('DOCKER_CONTEXT', 'named');
  expect(await findDockerEndpoint()).toMatchObject({ socketPath });
});

test('a context that does not answer leaves the usual sockets', async () => {
  const usual = await findDockerEndpoint();
  await writeContext('gone', 'unix:///nowhere/docker.sock');
  vi.stubEnv('DOCKER_CONTEXT', 'gone');
  expect(await findDockerEndpoint()).toEqual(usual);
});

test('the sockets of every common engine are tried', () => {
  vi.stubEnv('XDG_RUNTIME_DIR', '/run/user/1000');
  vi.stubEnv('HOME', '/home/me');
  expect(usualSockets()).toEqual(
    expect.arrayContaining([
      '/var/run/docker.sock',
      '/run/user/1000/docker.sock',
      '/home/me/.docker/run/docker.sock',
      '/home/me/.colima/default/docker.sock',
      '/home/me/.orbstack/run/docker.sock',
      '/run/user/1000/podman/podman.sock',
    ]),
  );
});

test('on Linux no socket is looked for in a folder that everybody writes into', () => {
  vi.stubEnv('XDG_RUNTIME_DIR', '/run/user/1000');
  if (process.platform !== 'linux') return;
  expect(usualSockets().filter((path) => path.startsWith('/tmp/') || path.startsWith(tmpdir()))).toEqual([]);
});

/** A folder whose socket answers, and which another user could have made. */
async function foreignSocket(): Promise<string> {
  const parent = join(folder, 'podman');
  await mkdir(parent);
  const socketPath = join(parent, 'engine.sock');
  await startPingServer(socketPath);
  if (process.getuid?.() === 0) await chown(parent, 65_534, 65_534);
  else await chmod(parent, 0o777);
  return socketPath;
}

test('who listens at a usual place in a folder of somebody else is not asked, and is named', async () => {
  const foreign = await foreignSocket();
  const own = join(folder, 'own.sock');
  await startPingServer(own);
  const link = join(folder, 'link.sock');
  await symlink(foreign, link);
  expect(await firstTrusted([foreign, link])).toBeUndefined();
  expect(await firstTrusted([foreign, link, own])).toMatchObject({ socketPath: own });
  const passedOver = await passedOverSockets([foreign, link, own, join(folder, 'nowhere.sock')]);
  expect(passedOver).toEqual([
    expect.stringContaining(`${foreign} is not used`),
    expect.stringContaining(`${link} is not used`),
  ]);
});

test.runIf(process.getuid?.() === 0)('a socket of somebody else in a folder of ours is not asked', async () => {
  const socketPath = join(folder, 'theirs.sock');
  await startPingServer(socketPath);
  expect(await firstTrusted([socketPath])).toMatchObject({ socketPath });
  await chown(socketPath, 65_534, 65_534);
  expect(await firstTrusted([socketPath])).toBeUndefined();
});

test("nor is one that the docker client's context names", async () => {
  const usual = await findDockerEndpoint();
  await writeContext('foreign', `unix://${await foreignSocket()}`);
  vi.stubEnv('DOCKER_CONTEXT', 'foreign');
  expect(await findDockerEndpoint()).toEqual(usual);
});

test.each([
  ['answers with an error', (response: ServerResponse) => response.writeHead(500).end('busy')],
  ['never answers', () => {}],
])('an engine that answers a ping, and %s when it is to list its containers, is named', async (_, answer) => {
  vi.stubEnv('SANDBOX_DEADLINE_FACTOR', '0.05');
  const socket = join(folder, 'docker.sock');
  await startPingServer(socket, 200, answer);
  vi.stubEnv('DOCKER_HOST', `unix://${socket}`);
  await expect(listContainers({ all: true })).rejects.toMatchObject({
    code: 'DOCKER_NOT_FOUND',
    message: expect.stringContaining(socket),
  });
});

test('`doctor` does not wait for ever for one that answers a ping, and never says what it is', async () => {
  const socket = join(folder, 'docker.sock');
  const server = await startPingServer(socket, 200, () => {});
  // From the ping on, which has all of its own time: a busy machine answers that one late.
  server.on('request', () => vi.stubEnv('SANDBOX_DEADLINE_FACTOR', '0.02'));
  vi.stubEnv('DOCKER_HOST', `unix://${socket}`);
  const findings = await inspectHost({ room: { diskBytes: 1, memoryBytes: 1 }, checks: [] });
  expect(findings.find(({ name }) => name === 'container engine')).toMatchObject({
    state: 'failed',
    text: expect.stringContaining('no answer within 600 ms'),
  });
  expect(findings.map(({ name }) => name)).not.toContain('disk');
});

/** Takes connections and never answers; counts them. */
async function silentSocket(name: string): Promise<{ readonly socketPath: string; readonly asked: () => number }> {
  const socketPath = join(folder, name);
  let asked = 0;
  const server = createServer(() => {
    asked += 1;
  });
  servers.push(server);
  await once(server.listen(socketPath), 'listening');
  vi.stubEnv('DOCKER_HOST', `unix://${socketPath}`);
  return { socketPath, asked: () => asked };
}

describe('an engine that takes connections and is silent', () => {
  test('is waited for once, and asked again after as long', async () => {
    vi.stubEnv('SANDBOX_DEADLINE_FACTOR', '0.05');
    // Time passes when it is told to: what comes between two looks on a busy machine is as long as a wait.
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const { socketPath, asked } = await silentSocket('silent.sock');
    const refused = { code: 'DOCKER_NOT_FOUND', message: expect.stringContaining(`${socketPath} takes connections`) };
    await expect(listContainers({ all: true })).rejects.toMatchObject(refused);
    await expect(ensureDocker({ install: 'auto', progress: silent })).rejects.toMatchObject(refused);
    await expect(listContainers({ all: true })).rejects.toMatchObject(refused);
    expect(asked()).toBe(1);
    vi.advanceTimersByTime(deadlineMs('dockerPing'));
    expect(await findDockerEndpoint()).toBeUndefined();
    expect(asked()).toBe(2);
  });

  test('keeps nobody from starting a stack on another one that answers', async () => {
    const socket = join(folder, 'docker.sock');
    await startPingServer(socket, 200, (response) => response.end('[]'));
    await writeContext('answering', `unix://${socket}`);
    vi.stubEnv('DOCKER_CONTEXT', 'answering');
    vi.stubEnv('XDG_DATA_HOME', folder);
    countAsSilent(join(folder, 'silent.sock'));
    expect(await attachIfCurrent({ directory: folder, engines: ['redis'], identifying: {} })).toBeUndefined();
    askSilentEnginesAgain();
  });

  // `up` looks for what runs, for what watches it, and for an engine that it could start.
  test('costs `up` one wait', async () => {
    const { socketPath, asked } = await silentSocket('silent.sock');
    // The clock of how long it is silent stands still: a busy machine may take as long as a wait between two looks.
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent('performance.now = () => 0;')}`;
    const waits = { SANDBOX_DEADLINE_FACTOR: '0.05', NODE_OPTIONS };
    const env = { DOCKER_HOST: `unix://${socketPath}`, XDG_DATA_HOME: folder, ...waits };
    expect(await runForError(['up'], { cwd: folder, env })).toMatchObject({
      exitCode: 1,
      code: 'DOCKER_NOT_FOUND',
      message: expect.stringContaining(`${socketPath} takes connections`),
    });
    expect(asked()).toBe(1);
  });
});
