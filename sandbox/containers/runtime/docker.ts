import type Dockerode from 'dockerode';
import type { ContainerInfo, ContainerListOptions } from 'dockerode';
import { deadlineMs } from '../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { getDocument, isSilence } from './engine-http.ts';
import { type DockerEndpoint, findDockerEndpoint, passedOverSockets } from './find/docker-endpoint.ts';
import { countAsSilent, silentEngine } from './find/silent-engines.ts';
import { tunnelInUse } from './ssh/tunnel-in-use.ts';

let client: Promise<Dockerode> | undefined;

/**
 * Client of the container engine in use: one for the process.
 * Throws `DOCKER_NOT_FOUND` where no engine answers; `ensureDocker` starts or installs one first.
 */
export function docker(): Promise<Dockerode> {
  client ??= connect().catch((thrown) => {
    client = undefined;
    throw thrown;
  });
  return client;
}

/** Containers as the engine lists them, by a client that is loaded already or without one. */
export async function listContainers(options: ContainerListOptions): Promise<readonly ContainerInfo[]> {
  const { all = false, filters = {} } = options;
  if (client !== undefined) {
    if (tunnelInUse() !== undefined) await (await import('./ssh/tunnel.ts')).keepTunnel();
    return (await client).listContainers(options);
  }
  const { socketPath, leadsTo } = await requireEndpoint();
  if (socketPath === undefined) return (await docker()).listContainers(options);
  const query = new URLSearchParams({ all: String(all), filters: JSON.stringify(filters) });
  const timeoutMs = leadsTo === undefined ? undefined : deadlineMs('sshAnswer');
  const listed = getDocument(socketPath, `/containers/json?${query}`, timeoutMs).catch((thrown: unknown) => {
    if (isSilence(thrown)) countAsSilent(socketPath);
    throw notListed(socketPath, thrown);
  });
  return (await listed) as readonly ContainerInfo[];
}

/** What the clock says that the times of containers are by, in milliseconds since 1970: that of another machine is not ours. */
export async function engineTimeMs(): Promise<number> {
  const { SystemTime } = (await (await docker()).info()) as { readonly SystemTime?: string };
  const atMs = Date.parse(SystemTime ?? '');
  return Number.isNaN(atMs) ? Date.now() : atMs;
}

/** How far that clock is before ours, in milliseconds. 0 where the engine is one of this machine. */
export async function engineLeadMs(): Promise<number> {
  return tunnelInUse() === undefined ? 0 : (await engineTimeMs()) - Date.now();
}

function notListed(socketPath: string, cause: unknown): SandboxError {
  return new SandboxError({
    code: 'DOCKER_NOT_FOUND',
    message: `The container engine at ${socketPath} answers a ping, and does not list its containers: ${messageOf(cause)}.`,
    next: 'Run it again; on a busy machine SANDBOX_DEADLINE_FACTOR=2 waits longer, and `npm run sandbox -- doctor` looks at the engine.',
    cause,
  });
}

async function requireEndpoint(): Promise<DockerEndpoint> {
  const endpoint = await findDockerEndpoint();
  if (endpoint !== undefined) return endpoint;
  const silent = silentEngine();
  if (silent !== undefined) throw silent;
  const passedOver = await passedOverSockets();
  throw new SandboxError({
    code: 'DOCKER_NOT_FOUND',
    message: 'No container engine answers: neither DOCKER_HOST nor one of the usual sockets.',
    next: 'Start Docker, Colima, OrbStack or Podman, or run `npm run sandbox -- doctor` to see what was tried.',
    ...(passedOver.length === 0 ? {} : { evidence: passedOver.join('\n') }),
  });
}

async function connect(): Promise<Dockerode> {
  const endpoint = await requireEndpoint();
  // testcontainers resolves the engine by itself; naming it makes both use the same one.
  process.env.DOCKER_HOST = endpoint.url;
  const { default: Client } = await import('dockerode');
  return endpoint.socketPath === undefined ? new Client() : new Client({ socketPath: endpoint.socketPath });
}
