import type Dockerode from 'dockerode';
import { SandboxError } from '../core/errors.ts';
import { findDockerEndpoint } from './docker-endpoint.ts';

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

async function connect(): Promise<Dockerode> {
  const endpoint = await findDockerEndpoint();
  if (endpoint === undefined) {
    throw new SandboxError({
      code: 'DOCKER_NOT_FOUND',
      message: 'No container engine answers: neither DOCKER_HOST nor one of the usual sockets.',
      next: 'Start Docker, Colima, OrbStack or Podman, or run `npm run sandbox -- doctor` to see what was tried.',
    });
  }
  // testcontainers resolves the engine by itself; naming it makes both use the same one.
  process.env.DOCKER_HOST = endpoint.url;
  const { default: Client } = await import('dockerode');
  return endpoint.socketPath === undefined ? new Client() : new Client({ socketPath: endpoint.socketPath });
}
