import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { deadlineMs } from '../../../core/deadlines.ts';
import { privateMode } from '../../../core/files/private-files.ts';
import { programPath } from '../find/docker-stopped.ts';
import { connectFailure, sshMissing, unreachable } from './ssh-failures.ts';
import { destinationOf, type SshTarget } from './ssh-target.ts';

/** A connection that a process of `ssh` in the background holds, and others of it use (ssh_config(5), `ControlMaster`). */
export interface SshConnection {
  readonly target: SshTarget;
  /** Socket at which the process in the background is asked. */
  readonly controlPath: string;
  /** What it has written. */
  readonly logFile: string;
}

/**
 * Of the user's configuration everything counts but what would forward more than is asked for, share what it need not, or
 * run a command. Checks of the host's key stay as they are. A connection that has died is noticed after 45 s.
 */
const masterOptions = [
  ...['ControlPersist=no', 'ClearAllForwardings=yes', 'GatewayPorts=no', 'RemoteCommand=none', 'RequestTTY=no'],
  ...['PermitLocalCommand=no', 'ForwardAgent=no', 'ForwardX11=no', 'Tunnel=no'],
  ...['LogLevel=INFO', 'ConnectTimeout=10', 'ServerAliveInterval=15', 'ServerAliveCountMax=3'],
].flatMap((option) => ['-o', option]);

/** Without any configuration, which could ask for more, and without a way to connect by itself. */
const clientOptions = ['-F', 'none', '-o', 'BatchMode=yes', '-o', 'ProxyCommand=false'];

/**
 * Connects, and leaves a process in the background that holds the connection. In a terminal `ssh` may ask there for
 * passwords, and whether a host is known; elsewhere it asks for nothing. Throws `SSH_NOT_FOUND`, `SSH_HOST_KEY_UNKNOWN`,
 * `SSH_HOST_KEY_CHANGED`, `SSH_DENIED`, `SSH_UNREACHABLE`.
 */
export async function connect({ target, controlPath, logFile }: SshConnection): Promise<void> {
  const program = await programPath('ssh');
  if (program === undefined) throw sshMissing();
  const canAsk = process.stdin.isTTY === true && process.stderr.isTTY === true;
  const asking = canAsk ? [] : ['-o', 'BatchMode=yes'];
  const args = ['-f', '-N', '-M', '-S', controlPath, '-E', logFile, ...asking, ...masterOptions];
  // A program that the configuration names may go on holding what it has inherited: a file, and no pipe of ours.
  const log = openSync(logFile, 'w', privateMode);
  const child = spawn(program, [...args, ...destinationOf(target)], { cwd: '/', stdio: ['ignore', log, log] });
  closeSync(log);
  const timeoutMs = deadlineMs(canAsk ? 'sshQuestions' : 'sshConnect');
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  const exitCode = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('exit', resolve);
  });
  clearTimeout(timer);
  if (exitCode === 0) return;
  const output = await readFile(logFile, 'utf8').catch(() => '');
  throw late
    ? unreachable(target, `it has not let us in within ${timeoutMs / 1000} s`, output)
    : connectFailure(target, output);
}

/** Whether the process in the background is there; the other machine is not asked. */
export async function isConnected(connection: SshConnection): Promise<boolean> {
  return (await control(connection, 'check')) === undefined;
}

/** Ends the process in the background, with all that it forwards. */
export async function disconnect(connection: SshConnection): Promise<void> {
  await control(connection, 'exit');
}

/** What `ssh` is to be given to end it. */
export function exitArguments({ target, controlPath }: SshConnection): readonly string[] {
  return [...clientOptions, '-S', controlPath, '-O', 'exit', ...destinationOf(target)];
}

/**
 * Asks the process in the background for something: `forward` and `cancel` with `-L`'s argument.
 * What went wrong, for people; `undefined` where nothing did.
 */
export async function control(
  { target, controlPath }: SshConnection,
  request: 'check' | 'exit' | 'forward' | 'cancel',
  forward?: string,
): Promise<string | undefined> {
  const wanted = forward === undefined ? [] : ['-L', forward];
  const args = [...clientOptions, '-S', controlPath, '-O', request, ...wanted, ...destinationOf(target)];
  const { exitCode, stderr } = await runSsh(args);
  return exitCode === 0 ? undefined : stderr.trim() || `ssh ended with ${exitCode}`;
}

/** Runs a shell script on the other machine. What it printed; `undefined` where the connection gave no answer in time. */
export async function runThere(connection: SshConnection, script: string): Promise<string | undefined> {
  const { target, controlPath } = connection;
  const args = [...clientOptions, '-T', '-S', controlPath, ...destinationOf(target), 'sh', '-s'];
  const { exitCode, stdout, timedOut } = await runSsh(args, script);
  // What a shell that runs no commands says is no answer, but one that shows that the connection is there.
  if (timedOut || exitCode === 255) return undefined;
  return exitCode === 0 ? stdout : '';
}

async function runSsh(args: readonly string[], input = '') {
  const { execa } = await import('execa');
  const running = execa('ssh', args, {
    reject: false,
    cwd: '/',
    input,
    timeout: deadlineMs('sshAnswer'),
    forceKillAfterDelay: 500,
  });
  // The process in the background has been handed its output (OpenSSH, PROTOCOL.mux), and may hold it for a minute.
  running.nodeChildProcess.once('exit', (_, signal) => {
    if (signal === null) return;
    running.stdout.destroy();
    running.stderr.destroy();
  });
  return running;
}
