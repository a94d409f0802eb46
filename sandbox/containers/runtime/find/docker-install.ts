import { createInterface } from 'node:readline';
import { deadlineMs } from '../../../core/deadlines.ts';
import { SandboxError } from '../../../core/errors.ts';
import type { TaskReport } from '../../../core/progress.ts';

/** Whether what is missing on this machine may be installed. */
export type DockerInstall = 'auto' | 'never';

/** What {@link installDocker} installs, for people. iptables is a recommendation only, but the daemon needs it. */
export const dockerPackages = ['docker.io', 'iptables', 'ca-certificates'] as const;

/** Installs Debian's container engine. Throws `DOCKER_INSTALL_FAILED` with the last lines of apt's output. */
export async function installDocker(report: TaskReport): Promise<void> {
  await installPackages(dockerPackages, report);
}

let refreshing: Promise<unknown> | undefined;

/** Installs Debian packages as root; refreshes the package lists first, once for the process. */
export async function installPackages(packages: readonly string[], report: TaskReport): Promise<void> {
  // One foreign repository that does not answer must not stop what the others have; installing tells. Who comes meanwhile
  // waits: apt refuses a second refresh beside the first, and knows no package until that has ended.
  refreshing ??= refreshLists(report);
  await refreshing;
  report.advance({ text: `installing ${packages.join(', ')}` });
  const { exitCode, lines } = await apt(['install', '--yes', '--no-install-recommends', ...packages], report);
  if (exitCode === 0) return;
  throw new SandboxError({
    code: 'DOCKER_INSTALL_FAILED',
    message: `\`apt-get install ${packages.join(' ')}\` ended with exit code ${exitCode ?? 'none'}.`,
    next: 'Correct what apt says below, or install them yourself.',
    evidence: lines.join('\n'),
  });
}

function refreshLists(report: TaskReport): Promise<unknown> {
  report.advance({ text: 'reading package lists' });
  return apt(['update'], report);
}

async function apt(
  args: readonly string[],
  report: TaskReport,
): Promise<{ readonly exitCode: number | undefined; readonly lines: readonly string[] }> {
  const { execa } = await import('execa');
  // Another apt may be at work on a machine that was just started.
  const running = execa('apt-get', ['--option', 'DPkg::Lock::Timeout=300', ...args], {
    reject: false,
    all: true,
    stdin: 'ignore',
    timeout: deadlineMs('imageBuild'),
    // The package's own script may try to start the daemon; where there is no init system that only costs time.
    env: { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  });
  const lines = lastLines(running.all, report);
  const { exitCode } = await running;
  return { exitCode, lines };
}

/** Shows each line of a program's output as it comes, and keeps the last 30 as evidence. */
export function lastLines(output: NodeJS.ReadableStream, report: TaskReport): readonly string[] {
  const kept: string[] = [];
  const reader = createInterface({ input: output, crlfDelay: Number.POSITIVE_INFINITY });
  reader.on('line', (line) => {
    if (line.trim() === '') return;
    kept.push(line);
    if (kept.length > 30) kept.shift();
    report.advance({ text: line.slice(0, 100) });
  });
  return kept;
}
