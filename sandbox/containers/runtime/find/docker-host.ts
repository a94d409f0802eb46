import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { deadlineMs } from '../../../core/deadlines.ts';
import { SandboxError } from '../../../core/errors.ts';
import { withUserLock } from '../../../core/files/process-lock.ts';
import { notice, type ProgressListener, runTask } from '../../../core/progress.ts';
import { canInstallPackages, installAdvice } from '../../host/host-system.ts';
import { findDockerEndpoint } from './docker-endpoint.ts';
import { type DockerInstall, dockerPackages, installDocker } from './docker-install.ts';
import { startContainerRuntime } from './docker-start.ts';
import { stoppedEngine } from './docker-stopped.ts';
import { silentEngine } from './silent-engines.ts';

export interface EnsureDockerOptions {
  readonly install: DockerInstall;
  readonly progress: ProgressListener;
}

/**
 * Makes sure that a container engine answers. Uses the one that is there; starts one that is installed but stopped;
 * installs Debian's `docker.io` where there is none, as root on Debian or Ubuntu, unless that is forbidden.
 * Throws `DOCKER_NOT_FOUND`, `DOCKER_INSTALL_FORBIDDEN`, `DOCKER_INSTALL_FAILED`, `DOCKER_START_FAILED`.
 */
export async function ensureDocker(options: EnsureDockerOptions): Promise<void> {
  if ((await findDockerEndpoint()) !== undefined) return;
  const silent = silentEngine();
  if (silent !== undefined) throw silent;
  const host = process.env.DOCKER_HOST;
  // Where the system's own daemon would answer, it may only be stopped.
  if (host && !/^unix:\/\/(\/var)?\/run\/docker\.sock$/.test(host)) throw hostDoesNotAnswer(host);
  const forbidden = await forbiddenSocket();
  if (forbidden !== undefined) throw notAllowed(forbidden);
  await withUserLock('docker', 'the container engine', () => startOrInstall(options), {
    timeoutMs: deadlineMs('imageBuild'),
  });
}

async function startOrInstall(options: EnsureDockerOptions): Promise<void> {
  // Another process may have done it while this one waited for the lock.
  if ((await findDockerEndpoint()) !== undefined) return;
  let engine = await stoppedEngine();
  if (engine === undefined) {
    if (!(await canInstallPackages())) throw notFound();
    if (options.install === 'never') throw installForbidden();
    const packages = dockerPackages.join(', ');
    notice(options.progress, 'info', `No container engine here: installing Debian's ${packages}, then starting it.`);
    await runTask(options.progress, ['docker', 'install'], installDocker);
    engine = { name: 'the Docker daemon' };
  }
  const stopped = engine;
  await runTask(options.progress, ['docker', 'start'], (report) => startContainerRuntime(stopped, report));
}

/** Docker's socket, where it is there and not ours to use: another engine beside it would only confuse. */
async function forbiddenSocket(): Promise<string | undefined> {
  const path = '/var/run/docker.sock';
  const refusal = await access(path, constants.R_OK | constants.W_OK).then(
    () => undefined,
    (thrown: NodeJS.ErrnoException) => thrown.code,
  );
  return refusal === 'EACCES' ? path : undefined;
}

function notAllowed(socketPath: string): SandboxError {
  return new SandboxError({
    code: 'DOCKER_NOT_FOUND',
    message: `A container engine is here, but this user may not use its socket ${socketPath}.`,
    next: 'Join its group with `sudo usermod --append --groups docker $USER`, and log in again.',
  });
}

function hostDoesNotAnswer(host: string): SandboxError {
  return new SandboxError({
    code: 'DOCKER_NOT_FOUND',
    message: `DOCKER_HOST is ${host}, and no container engine answers there.`,
    next: 'Start it, or unset DOCKER_HOST to look at the usual places.',
  });
}

function notFound(): SandboxError {
  return new SandboxError({
    code: 'DOCKER_NOT_FOUND',
    message: 'No container engine answers: neither DOCKER_HOST nor one of the usual sockets.',
    next: installAdvice(),
  });
}

function installForbidden(): SandboxError {
  return new SandboxError({
    code: 'DOCKER_INSTALL_FORBIDDEN',
    message: 'No container engine is installed, and installing one was forbidden.',
    next: 'Install it: `apt-get install docker.io`; or leave out --no-docker-install and SANDBOX_DOCKER_INSTALL.',
  });
}
