import { access } from 'node:fs/promises';
import { execa } from 'execa';
import { deadlineMs } from '../core/deadlines.ts';
import { SandboxError } from '../core/errors.ts';
import type { TaskReport } from '../core/progress.ts';

/** Where Debian's package puts the daemon. */
const daemonPath = '/usr/sbin/dockerd';

/** Path of the daemon, if it is installed. */
export async function daemonProgram(): Promise<string | undefined> {
  return access(daemonPath).then(
    () => daemonPath,
    () => undefined,
  );
}

/** Installs Debian's container engine. Throws `DOCKER_INSTALL_FAILED` with the last lines of apt's output. */
export async function installDocker(report: TaskReport): Promise<void> {
  // iptables is a recommendation only, but the daemon does not start without it.
  await installPackages(['docker.io', 'iptables'], report);
}

/** Installs Debian packages as root; refreshes the package lists first. */
export async function installPackages(packages: readonly string[], report: TaskReport): Promise<void> {
  report.advance({ text: 'reading package lists' });
  await apt(['update', '--quiet=2']);
  report.advance({ text: `installing ${packages.join(', ')}` });
  await apt(['install', '--yes', '--quiet=2', '--no-install-recommends', ...packages]);
}

async function apt(args: readonly string[]): Promise<void> {
  const result = await execa('apt-get', args, {
    reject: false,
    all: true,
    stdin: 'ignore',
    timeout: deadlineMs('imageBuild'),
    // The package's own script may try to start the daemon; where there is no init system that only costs time.
    env: { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  });
  if (result.exitCode === 0) return;
  throw new SandboxError({
    code: 'DOCKER_INSTALL_FAILED',
    message: `\`apt-get ${args.join(' ')}\` ended with exit code ${result.exitCode ?? 'none'}.`,
    next: 'Correct what apt says below, or install a container engine yourself.',
    evidence: (result.all ?? '').split('\n').slice(-20).join('\n'),
  });
}
