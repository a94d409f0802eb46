import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deadlineMs } from '../core/deadlines.ts';
import { SandboxError } from '../core/errors.ts';
import { withProcessLock } from '../core/process-lock.ts';
import { notice, type ProgressListener, runTask } from '../core/progress.ts';
import { findDockerEndpoint } from './docker-endpoint.ts';
import { daemonProgram, installDocker } from './docker-install.ts';
import { startDaemon } from './docker-start.ts';
import { canInstallPackages, installAdvice } from './host-system.ts';

/** Whether a missing container engine may be installed. */
export type DockerInstall = 'auto' | 'never';

/**
 * Makes sure that a container engine answers. Uses the one that is there; starts one that is installed but stopped;
 * installs Debian's `docker.io` where there is none, as root on Debian or Ubuntu, unless that is forbidden.
 * Throws `DOCKER_NOT_FOUND`, `DOCKER_INSTALL_FORBIDDEN`, `DOCKER_INSTALL_FAILED`, `DOCKER_START_FAILED`.
 */
export async function ensureDocker(options: {
  readonly install: DockerInstall;
  readonly progress: ProgressListener;
}): Promise<void> {
  if ((await findDockerEndpoint()) !== undefined) return;
  if (process.env.DOCKER_HOST) throw hostDoesNotAnswer(process.env.DOCKER_HOST);
  if (process.platform !== 'linux' || process.getuid?.() !== 0) throw notFound();
  const lockFile = join(tmpdir(), 'taishang-sandbox-docker.lock');
  await withProcessLock(lockFile, 'the container engine', () => installAndStart(options), {
    timeoutMs: deadlineMs('imageBuild'),
  });
}

async function installAndStart(options: {
  readonly install: DockerInstall;
  readonly progress: ProgressListener;
}): Promise<void> {
  // Another process may have done it while this one waited for the lock.
  if ((await findDockerEndpoint()) !== undefined) return;
  if ((await daemonProgram()) === undefined) {
    if (!(await canInstallPackages())) throw notFound();
    if (options.install === 'never') throw installForbidden();
    notice(
      options.progress,
      'info',
      "No container engine answers here: installing Debian's docker.io and starting it.",
    );
    await runTask(options.progress, ['docker', 'install'], installDocker);
  }
  await runTask(options.progress, ['docker', 'start'], startDaemon);
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
