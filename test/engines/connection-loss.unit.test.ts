import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import type { NodeHandle } from '../../sandbox/containers/nodes/node-spec.ts';
import { AsyncDisposableStack } from '../../sandbox/core/disposable-stack.ts';
import { SandboxError } from '../../sandbox/core/errors.ts';
import { connectionLossOf } from '../../sandbox/engines/connection-loss.ts';
import type { Engine } from '../../sandbox/engines/contract/engine.ts';
import { engineNames } from '../../sandbox/engines/engine-names.ts';
import { loadEngine, loadEngines } from '../../sandbox/engines/load-engines.ts';
import { redis } from '../../sandbox/engines/redis/engine.ts';
import { closedPort } from '../support/held-port.ts';
import { coreOnly } from './support/core-only/engine.ts';

/** Servers that are none: what one does with a connection, or nothing where nobody listens. */
const servers: Readonly<Record<string, ((socket: Socket) => void) | undefined>> = {
  'is not there': undefined,
  'ends each connection': (socket) => socket.end(),
  'resets each connection': (socket) => socket.resetAndDestroy(),
  'ends a connection once it is asked': (socket) => socket.once('data', () => socket.destroy()),
  'gives no answer': () => {},
};

const cases = engineNames.flatMap((name) => Object.keys(servers).map((server) => ({ name, server })));

test.concurrent.for(cases)('$name: a server that $server is named as gone', async ({ name, server }, { expect }) => {
  await using held = new AsyncDisposableStack();
  const engine = await loadEngine(name);
  const node = nodeAt(await listen(held, servers[server]), name);
  const secrets = Object.fromEntries(engine.secretNames.map((secret) => [secret, 'secret']));
  const thrown = await engine.probe(node, secrets).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const loss = await connectionLossOf(thrown);
  expect(loss, String(thrown)).toMatchObject({ code: 'CONNECTION_LOST', cause: thrown });
  // What Node.js says of a connection does not tell whose it was.
  expect([undefined, name]).toContain(loss?.engine);
});

test('what is no loss of a connection stays what it is', async () => {
  const others = [
    new Error('syntax error'),
    new SandboxError({ code: 'NODE_NOT_READY', message: 'not ready', next: 'wait', cause: refused() }),
    Object.assign(new Error('no such file'), { code: 'ENOENT' }),
    Object.assign(new Error('database is gone'), { code: '57P04' }),
    'text',
    undefined,
  ];
  expect(await Promise.all(others.map((other) => connectionLossOf(other)))).toEqual(others.map(() => undefined));
});

test('the loss of the container engine is none of a store', async () => {
  const before = process.env.DOCKER_HOST;
  const path = '/nowhere/docker.sock';
  process.env.DOCKER_HOST = `unix://${path}`;
  try {
    const ofSocket = (address: string) => Object.assign(refused(), { syscall: 'connect', address });
    expect(await connectionLossOf(ofSocket(path))).toMatchObject({ code: 'DOCKER_FAILED' });
    expect(await connectionLossOf(ofSocket('127.0.0.1'))).toMatchObject({ code: 'CONNECTION_LOST' });
  } finally {
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
  }
});

test('a loss that drivers of several engines tell alike is named as none of theirs', async () => {
  const closed = new Error('Connection is closed.');
  const others = (await loadEngines(engineNames)).filter(({ isConnectionLoss }) => isConnectionLoss?.(closed) !== true);
  const lossAmong = async (...engines: readonly Engine[]) =>
    connectionLossOf(closed, async () => [...others, ...engines]);
  expect(await lossAmong(redis)).toMatchObject({ code: 'CONNECTION_LOST', engine: 'redis', message: /^Redis/ });
  expect(await lossAmong(redis, coreOnly)).toMatchObject({ code: 'CONNECTION_LOST', message: /^A server/ });
  expect((await lossAmong(redis, coreOnly))?.engine).toBeUndefined();
  expect(await lossAmong()).toBeUndefined();
});

test('a loss is found wherever it stands among the causes', async () => {
  const circular = new Error('first', { cause: new AggregateError([new Error('second'), refused()]) });
  Object.assign((circular.cause as AggregateError).errors[0], { cause: circular });
  expect(await connectionLossOf(circular)).toMatchObject({ code: 'CONNECTION_LOST', message: /first/ });
});

function refused(): Error {
  return Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
}

/** Returns a port where this happens to each connection. */
async function listen(held: AsyncDisposableStack, attend: ((socket: Socket) => void) | undefined): Promise<number> {
  if (attend === undefined) return closedPort();
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket.on('error', () => {}));
    attend(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  held.defer(async () => {
    for (const socket of open) socket.destroy();
    await once(server.close(), 'close');
  });
  return port;
}

function nodeAt(port: number, name: string): NodeHandle {
  const unused = { containerId: '', containerName: name, image: '', network: '', hostPorts: {}, volumeNames: {} };
  return { ...unused, name, role: 'standalone', engine: name, host: '127.0.0.1', port };
}
