import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveImages } from '../../../sandbox/containers/images/images.ts';
import { docker } from '../../../sandbox/containers/runtime/docker.ts';
import { followEvents } from '../../../sandbox/containers/runtime/docker-stream.ts';
import { labelNames } from '../../../sandbox/containers/runtime/labels.ts';
import { ownerOfThisProcess } from '../../../sandbox/containers/runtime/owner.ts';
import { poll } from '../../../sandbox/core/poll.ts';
import { silent } from '../../../sandbox/core/progress.ts';
import { removeImage } from './tiny-images.ts';

const user = 'developer';
const password = randomBytes(12).toString('hex');

/** An image registry on the loopback address that asks for a password. */
export interface Registry extends AsyncDisposable {
  /** `127.0.0.1:port`, as in `SANDBOX_REGISTRY`. */
  readonly address: string;
  /** Folder for `DOCKER_CONFIG` in which `docker login` has noted the password for an address. */
  login(address: string, options?: { readonly wrong: boolean }): Promise<string>;
  /** Puts a local image there under a name, for example `library/redis:8.10`. */
  fill(local: string, name: string): Promise<void>;
}

export async function startRegistry(): Promise<Registry> {
  const client = await docker();
  const container = await client.createContainer({
    Image: await registryImage(),
    Env: [`REGISTRY_USER=${user}`, `REGISTRY_PASSWORD=${password}`],
    Labels: { [labelNames.purpose]: 'throw-away', [labelNames.owner]: ownerOfThisProcess() },
    ExposedPorts: { '5000/tcp': {} },
    HostConfig: { PortBindings: { '5000/tcp': [{ HostIp: '127.0.0.1', HostPort: '0' }] } },
  });
  const folder = await mkdtemp(join(tmpdir(), 'taishang-registry-'));
  const end = async () => {
    await container.remove({ force: true, v: true });
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await container.start();
    const { NetworkSettings } = await container.inspect();
    const address = `127.0.0.1:${NetworkSettings.Ports['5000/tcp']?.[0]?.HostPort}`;
    await poll(() => asksForPassword(address), {
      timeoutMs: 30_000,
      onTimeout: () => new Error('the registry does not answer'),
    });
    return {
      address,
      login: (at, options) => writeLogin(folder, at, options?.wrong ? 'wrong' : password),
      fill: (local, name) => push(local, `${address}/${name}`),
      [Symbol.asyncDispose]: end,
    };
  } catch (thrown) {
    await end();
    throw thrown;
  }
}

/** It changes rarely, so it is built like an engine's and stays. */
async function registryImage(): Promise<string> {
  const contextDirectory = join(import.meta.dirname, '..', 'fixtures', 'registry');
  const spec = {
    variable: 'TEST_REGISTRY',
    noOfficial: 'it is wanted with its own settings',
    local: { origin: 'built', contextDirectory, description: 'a registry' } as const,
  };
  const images = await resolveImages([{ engine: 'test-registry', spec }], { policy: 'built', progress: silent });
  return images.get('test-registry')?.reference ?? '';
}

function asksForPassword(address: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const asking = request(`http://${address}/v2/`, (response) => {
      response.resume();
      resolve(response.statusCode === 401);
    });
    asking.on('error', reject);
    asking.end();
  });
}

async function writeLogin(folder: string, address: string, secret: string): Promise<string> {
  const config = await mkdtemp(join(folder, 'docker-config-'));
  const auth = Buffer.from(`${user}:${secret}`).toString('base64');
  await writeFile(join(config, 'config.json'), JSON.stringify({ auths: { [address]: { auth } } }));
  return config;
}

async function push(local: string, reference: string): Promise<void> {
  const client = await docker();
  const colon = reference.lastIndexOf(':');
  await client.getImage(local).tag({ repo: reference.slice(0, colon), tag: reference.slice(colon + 1) });
  const stream = await client.getImage(reference).push({ authconfig: { username: user, password, serveraddress: '' } });
  await followEvents(stream, () => {});
  await removeImage(reference);
}

/** A server on the loopback address that does not do what is expected of it. */
export interface Faulty extends AsyncDisposable {
  readonly address: string;
}

/** Takes connections and never says a word. */
export async function startSilentServer(): Promise<Faulty> {
  return listen(() => {});
}

/** Passes everything on, but ends each connection once that many bytes came back through it. */
export async function startCuttingProxy(target: string, bytesMax: number): Promise<Faulty> {
  const [host, port] = target.split(':');
  return listen((socket) => {
    const upstream = connect(Number(port), host);
    let bytes = 0;
    upstream.on('data', (chunk) => {
      bytes += chunk.length;
      if (bytes > bytesMax) socket.destroy();
      else socket.write(chunk);
    });
    socket.pipe(upstream);
    for (const [one, other] of [[socket, upstream] as const, [upstream, socket] as const]) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
}

async function listen(onConnection: (socket: Socket) => void): Promise<Faulty> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
