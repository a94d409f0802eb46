import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { deadlineMs } from '../../../core/deadlines.ts';
import { SandboxError } from '../../../core/errors.ts';
import { fatal, poll } from '../../../core/poll.ts';
import type { TaskReport } from '../../../core/progress.ts';
import { installAdvice } from '../../host/host-system.ts';
import { removeStalePidFiles } from '../../nodes/stale-pid-files.ts';
import { findDockerEndpoint } from './docker-endpoint.ts';
import { programPath, type StoppedEngine } from './docker-stopped.ts';
import { askSilentEnginesAgain } from './silent-engines.ts';

/** Where the daemon writes when no init system starts it. */
const logFile = '/var/log/taishang-dockerd.log';

/** Starts an installed engine and waits until it answers. Throws `DOCKER_START_FAILED` with its last log lines. */
export async function startContainerRuntime(engine: StoppedEngine, report: TaskReport): Promise<void> {
  if (engine.command === undefined) return startDaemon(report);
  const [program, ...args] = engine.command;
  report.summarise(engine.name);
  const { execa } = await import('execa');
  const { exitCode, all } = await execa(program, args, { reject: false, all: true, stdin: 'ignore' });
  if (exitCode !== 0) throw startFailed(engine, `\`${engine.command.join(' ')}\` failed`, String(all));
  await untilItAnswers(engine);
}

async function startDaemon(report: TaskReport): Promise<void> {
  const daemon = { name: 'the Docker daemon' };
  if (existsSync('/run/systemd/system')) {
    report.summarise('by systemd');
    const { execa } = await import('execa');
    const { exitCode, all } = await execa('systemctl', ['start', 'docker'], { reject: false, all: true });
    if (exitCode !== 0) throw startFailed(daemon, '`systemctl start docker` failed', String(all));
    return untilItAnswers(daemon);
  }
  await removeStalePidFiles();
  if (await startedByScript()) {
    report.summarise('by its service script');
    return untilItAnswers(daemon);
  }
  report.summarise(`without an init system, log in ${logFile}`);
  const log = openSync(logFile, 'a');
  // A session of its own with its own output: it outlives this command, and holds none of its caller's pipes open.
  const child = spawn((await programPath('dockerd')) ?? 'dockerd', [], {
    detached: true,
    cwd: '/',
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  let ended: number | undefined;
  child.once('exit', (code) => {
    ended = code ?? -1;
  });
  child.once('error', () => {
    ended = -1;
  });
  await untilItAnswers(daemon, () => ended);
  child.unref();
}

/** In a container or a small virtual machine the script may fail at `ulimit`, or be without effect. */
async function startedByScript(): Promise<boolean> {
  if (!existsSync('/etc/init.d/docker') || !existsSync('/usr/sbin/service')) return false;
  const { execa } = await import('execa');
  const { exitCode } = await execa('service', ['docker', 'start'], { reject: false, stdio: 'ignore' });
  return exitCode === 0;
}

async function untilItAnswers(engine: StoppedEngine, ended: () => number | undefined = () => undefined): Promise<void> {
  const failed = async (reason: string) =>
    startFailed(engine, reason, engine.command === undefined ? await readFile(logFile, 'utf8').catch(() => '') : '');
  const timeoutMs = deadlineMs('dockerStart');
  await poll(
    async () => {
      const code = ended();
      if (code !== undefined) throw fatal(await failed(`it ended with exit code ${code}`));
      askSilentEnginesAgain();
      return (await findDockerEndpoint()) !== undefined;
    },
    { timeoutMs, onTimeout: () => new Error('timeout') },
  ).catch(async (thrown) => {
    throw thrown instanceof SandboxError ? thrown : await failed(`it does not answer after ${timeoutMs / 1000} s`);
  });
}

function startFailed(engine: StoppedEngine, reason: string, output: string): SandboxError {
  return new SandboxError({
    code: 'DOCKER_START_FAILED',
    message: `${engine.name} is installed and did not start: ${reason}.`,
    next:
      engine.command === undefined
        ? `Its log is in ${logFile}, or in systemd's journal. In a container the daemon needs --privileged.`
        : `Start it by hand. ${installAdvice()}`,
    evidence: output.trimEnd().split('\n').slice(-20).join('\n'),
  });
}
