import { spawn } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { deadlineMs } from '../core/deadlines.ts';
import { SandboxError } from '../core/errors.ts';
import { fatal, poll } from '../core/poll.ts';
import type { TaskReport } from '../core/progress.ts';
import { findDockerEndpoint } from './docker-endpoint.ts';

/** Where the daemon writes when no init system starts it. */
const logFile = '/var/log/taishang-dockerd.log';

/** Starts the installed daemon and waits for its socket. Throws `DOCKER_START_FAILED` with its last log lines. */
export async function startDaemon(report: TaskReport): Promise<void> {
  if (existsSync('/run/systemd/system')) {
    report.summarise('by systemd');
    await execa('systemctl', ['start', 'docker'], { reject: false });
    return untilItAnswers();
  }
  if (await startedByScript()) {
    report.summarise('by its service script');
    return untilItAnswers();
  }
  report.summarise(`without an init system, log in ${logFile}`);
  const log = openSync(logFile, 'a');
  // A session of its own with its own output: it outlives this command, and holds none of its caller's pipes open.
  const daemon = spawn('dockerd', [], { detached: true, stdio: ['ignore', log, log] });
  let ended: number | undefined;
  daemon.once('exit', (code) => {
    ended = code ?? -1;
  });
  daemon.once('error', () => {
    ended = -1;
  });
  await untilItAnswers(() => ended);
  daemon.unref();
}

/** In a container or a small virtual machine the script may fail at `ulimit`, or be without effect. */
async function startedByScript(): Promise<boolean> {
  if (!existsSync('/etc/init.d/docker') || !existsSync('/usr/sbin/service')) return false;
  const { exitCode } = await execa('service', ['docker', 'start'], { reject: false, stdio: 'ignore' });
  return exitCode === 0;
}

async function untilItAnswers(ended: () => number | undefined = () => undefined): Promise<void> {
  await poll(
    async () => {
      const code = ended();
      if (code !== undefined) throw fatal(await startFailed(`it ended with exit code ${code}`));
      return (await findDockerEndpoint()) !== undefined;
    },
    { timeoutMs: deadlineMs('dockerStart'), onTimeout: () => new Error('it does not answer on its socket') },
  ).catch(async (thrown) => {
    throw thrown instanceof SandboxError ? thrown : await startFailed('it does not answer on its socket');
  });
}

async function startFailed(reason: string): Promise<SandboxError> {
  const log = await readFile(logFile, 'utf8').catch(() => '');
  return new SandboxError({
    code: 'DOCKER_START_FAILED',
    message: `The Docker daemon did not start: ${reason}.`,
    next: `Its log is in ${logFile}. In a container it needs --privileged.`,
    evidence: log.split('\n').slice(-20).join('\n'),
  });
}
