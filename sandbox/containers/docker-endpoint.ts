import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface DockerEndpoint {
  /** In the form of `DOCKER_HOST`. */
  readonly url: string;
  /** Set when the endpoint is a socket of this machine. */
  readonly socketPath?: string;
}

/** How long a socket may take to answer a ping, in milliseconds: it is on this machine. */
const pingTimeoutMs = 2_000;

/**
 * First endpoint that answers: `DOCKER_HOST`, the docker client's current context, then the usual sockets of
 * Docker, rootless Docker, Docker Desktop, Colima, OrbStack and Podman. `undefined` where none does.
 */
export async function findDockerEndpoint(): Promise<DockerEndpoint | undefined> {
  const chosen = process.env.DOCKER_HOST ?? (await contextHost());
  if (chosen !== undefined && chosen !== '') {
    const endpoint = endpointOf(chosen);
    if (endpoint.socketPath === undefined || (await answers(endpoint.socketPath))) return endpoint;
    if (process.env.DOCKER_HOST) return undefined;
  }
  for (const socketPath of usualSockets()) {
    if (await answers(socketPath)) return { url: `unix://${socketPath}`, socketPath };
  }
  return undefined;
}

/** The sockets that are tried where nothing names one, in order. */
export function usualSockets(): readonly string[] {
  const runtime = process.env.XDG_RUNTIME_DIR;
  return [
    '/var/run/docker.sock',
    ...(runtime === undefined ? [] : [join(runtime, 'docker.sock')]),
    join(homedir(), '.docker/run/docker.sock'),
    join(homedir(), '.docker/desktop/docker.sock'),
    join(homedir(), '.colima/default/docker.sock'),
    join(homedir(), '.orbstack/run/docker.sock'),
    ...(runtime === undefined ? [] : [join(runtime, 'podman/podman.sock')]),
    '/run/podman/podman.sock',
  ];
}

function endpointOf(url: string): DockerEndpoint {
  return url.startsWith('unix://') ? { url, socketPath: url.slice('unix://'.length) } : { url };
}

/** Host of the docker client's current context, which is kept under the SHA-256 of its name. */
async function contextHost(): Promise<string | undefined> {
  const folder = process.env.DOCKER_CONFIG ?? join(homedir(), '.docker');
  try {
    const settings = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
    const name = process.env.DOCKER_CONTEXT ?? settings.currentContext;
    if (typeof name !== 'string' || name === 'default') return undefined;
    const id = createHash('sha256').update(name).digest('hex');
    const meta = JSON.parse(await readFile(join(folder, 'contexts/meta', id, 'meta.json'), 'utf8'));
    return meta.Endpoints?.docker?.Host;
  } catch {
    return undefined;
  }
}

/** Whether a container engine answers a ping on this socket. */
export function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const ping = request({ socketPath, path: '/_ping', timeout: pingTimeoutMs }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on('timeout', () => ping.destroy());
    ping.on('error', () => resolve(false));
    ping.end();
  });
}
