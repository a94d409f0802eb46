import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { deadlineMs } from '../../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../../core/errors.ts';
import { withProcessLock } from '../../../core/files/process-lock.ts';
import { poll } from '../../../core/poll.ts';
import { answersPing } from '../engine-http.ts';
import { leaveAtExit } from './leave-at-exit.ts';
import { connect, control, disconnect, isConnected, runThere } from './ssh-client.ts';
import { forwardingRefused, noEngineThere, unreachable } from './ssh-failures.ts';
import type { SshTarget } from './ssh-target.ts';
import {
  enlist,
  forgetPort,
  forwardedPorts,
  forwardOf,
  isWanted,
  lockFileOf,
  signOff,
  type Tunnel,
  tunnelOf,
} from './tunnel-folder.ts';
import { tunnelInUse, useTunnel } from './tunnel-in-use.ts';

/** Whether a tunnel that this process used had to be made again. */
let wasLost = false;

/**
 * Makes an engine of another machine answer at a socket of this one: uses the connection that is there, or makes it, again
 * where it was lost, with all ports that it forwarded. Throws `SSH_NOT_FOUND`, `SSH_HOST_KEY_UNKNOWN`,
 * `SSH_HOST_KEY_CHANGED`, `SSH_DENIED`, `SSH_UNREACHABLE`, `SSH_FORWARDING_REFUSED`, `DOCKER_NOT_FOUND`, and
 * `NOT_SUPPORTED` on Windows, whose `ssh` shares no connections.
 */
export async function openTunnel(target: SshTarget): Promise<Tunnel> {
  if (process.platform === 'win32') throw notOnWindows();
  const before = tunnelInUse();
  if (before?.target.url === target.url && (await answers(before))) return before;
  const tunnel = await tunnelOf(target);
  await locked(tunnel, async () => {
    await enlist(tunnel);
    if (await answers(tunnel)) return;
    if (before !== undefined) wasLost = true;
    try {
      await establish(tunnel);
    } catch (thrown) {
      await signOff(tunnel);
      await closeUnlessWanted(tunnel);
      throw thrown;
    }
  });
  useTunnel(tunnel);
  leaveAtExit();
  return tunnel;
}

/** {@link openTunnel} where one was opened, for work that lasts: it may have been lost meanwhile. */
export async function keepTunnel(): Promise<void> {
  const tunnel = tunnelInUse();
  if (tunnel !== undefined) await openTunnel(tunnel.target);
}

/** This process uses its tunnel no longer. Closes it, unless a port is forwarded by it or another command uses it. */
export async function leaveTunnel(): Promise<void> {
  const tunnel = tunnelInUse();
  if (tunnel === undefined) return;
  useTunnel(undefined);
  await locked(tunnel, async () => {
    await signOff(tunnel);
    await closeUnlessWanted(tunnel);
  });
}

/** For what ends when the connection does, as if it were at its end. Throws `SSH_UNREACHABLE` where that is why. */
export async function requireConnected(): Promise<void> {
  const tunnel = tunnelInUse();
  if (tunnel !== undefined && !(await isConnected(tunnel))) throw unreachable(tunnel.target, 'the connection was lost');
}

/** What failed because the connection was lost, as that; anything else as it is. */
export async function withLossExplained(thrown: unknown): Promise<unknown> {
  const tunnel = tunnelInUse();
  if (tunnel === undefined || (thrown instanceof SandboxError && thrown.code.startsWith('SSH_'))) return thrown;
  const isLost = !(await isConnected(tunnel)) || (wasLost && !(thrown instanceof SandboxError));
  return isLost ? unreachable(tunnel.target, 'the connection was lost', messageOf(thrown)) : thrown;
}

function locked(tunnel: Tunnel, work: () => Promise<void>): Promise<void> {
  return withProcessLock(lockFileOf(tunnel), `the connection to ${tunnel.target.host}`, work);
}

function answers({ socketPath }: Tunnel): Promise<boolean> {
  return answersPing({ socketPath }, deadlineMs('sshAnswer'));
}

async function establish(tunnel: Tunnel): Promise<void> {
  const { target } = tunnel;
  const script = `named=${target.socketPath ?? ''}\n${await readFile(join(import.meta.dirname, 'find-socket.sh'), 'utf8')}`;
  let said = (await isConnected(tunnel)) ? await runThere(tunnel, script) : undefined;
  const isAnew = said === undefined;
  if (isAnew) {
    await close(tunnel);
    await connect(tunnel);
    said = await runThere(tunnel, script);
    if (said === undefined) throw unreachable(target, 'it gave no answer after it had let us in');
  }
  await forwardEngine(tunnel, socketThere(target, said ?? ''), /^answers /m.test(said ?? ''));
  if (isAnew) await forwardAgain(tunnel);
}

/** The socket that the address names, or the one that the other machine has named. Throws `DOCKER_NOT_FOUND`. */
function socketThere(target: SshTarget, said: string): string {
  const [, answer, path] = /^(answers|usable|denied|none)(?: (\/.*))?$/m.exec(said) ?? [];
  if (answer === 'denied') throw noEngineThere(target, { denied: path ?? '' });
  if (answer === 'none' || path?.includes(':')) throw noEngineThere(target, { named: target.socketPath });
  // An account without a shell can say nothing, and may forward all the same.
  return path ?? target.socketPath ?? '/var/run/docker.sock';
}

async function forwardEngine(tunnel: Tunnel, socketThere: string, answersThere: boolean): Promise<void> {
  const { target, socketPath } = tunnel;
  const forward = `${socketPath}:${socketThere}`;
  await control(tunnel, 'cancel', forward);
  await rm(socketPath, { force: true });
  const failure = await control(tunnel, 'forward', forward);
  if (failure !== undefined) throw unreachable(target, 'its socket could not be forwarded', failure);
  if (await answers(tunnel)) return;
  // A server that forbids it says no more than one that cannot connect (OpenSSH, serverloop.c).
  if (answersThere) throw forwardingRefused(target, await readFile(tunnel.logFile, 'utf8').catch(() => ''));
  throw noEngineThere(target, { silent: socketThere });
}

/** What somebody else listens on now is left out: who needs that port is told. */
async function forwardAgain(tunnel: Tunnel): Promise<void> {
  for (const port of (await forwardedPorts(tunnel)).keys()) {
    if ((await control(tunnel, 'forward', forwardOf(port))) !== undefined) await forgetPort(tunnel, port);
  }
}

async function closeUnlessWanted(tunnel: Tunnel): Promise<void> {
  if (await isWanted(tunnel)) return;
  await close(tunnel);
  await rm(tunnel.folder, { recursive: true, force: true });
}

/** Ends the process in the background, which may hang on a connection that is dead, and waits until it is gone. */
async function close(tunnel: Tunnel): Promise<void> {
  await disconnect(tunnel);
  await poll(async () => !(await isConnected(tunnel)), {
    timeoutMs: deadlineMs('sshAnswer'),
    onTimeout: () => unreachable(tunnel.target, 'the process that holds the connection does not end'),
  });
  await rm(tunnel.controlPath, { force: true });
  await rm(tunnel.socketPath, { force: true });
}

function notOnWindows(): SandboxError {
  return new SandboxError({
    code: 'NOT_SUPPORTED',
    message:
      "An engine of another machine is reached through a connection that commands share, which Windows' ssh cannot.",
    next: 'Run the sandbox inside WSL 2, or set DOCKER_HOST, or DOCKER_CONTEXT=default, to use an engine of this machine.',
  });
}
