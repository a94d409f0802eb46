import { SandboxError } from '../../../core/errors.ts';
import type { SshTarget } from './ssh-target.ts';

/** Why `ssh` did not connect, by what it wrote (OpenSSH, sshconnect.c and sshconnect2.c; its messages are not translated). */
export function connectFailure(target: SshTarget, output: string): SandboxError {
  const { host } = target;
  const evidence = output.trim().split('\n').slice(-12).join('\n');
  const login = `ssh ${loginOf(target)}`;
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED|host key for .* has changed/i.test(output)) {
    return new SandboxError({
      code: 'SSH_HOST_KEY_CHANGED',
      message: `${host} shows another host key than the one that is known of it: it may be another machine.`,
      next: `Ask who runs it. If its key was changed on purpose, remove the old one with \`ssh-keygen -R\`, and compare the new one at \`${login}\`.`,
      evidence,
    });
  }
  if (/Host key verification failed|host key is known for/i.test(output)) {
    return new SandboxError({
      code: 'SSH_HOST_KEY_UNKNOWN',
      message: `The host key of ${host} is not known here, so nobody can say that it is that machine.`,
      next: `Connect once by hand, and compare the key that it shows: \`${login}\`.`,
      evidence,
    });
  }
  if (/Permission denied|Too many authentication failures|No more authentication methods/i.test(output)) {
    return new SandboxError({
      code: 'SSH_DENIED',
      message: `${host} does not let this user in.`,
      next: `Make \`${login}\` work without a question: add your key to the agent (\`ssh-add\`), or name it in your ssh_config. In a terminal, ssh may ask for a password.`,
      evidence,
    });
  }
  return unreachable(target, 'ssh could not connect to it', evidence);
}

/** It cannot be reached, or no longer. */
export function unreachable(target: SshTarget, reason: string, evidence = ''): SandboxError {
  return new SandboxError({
    code: 'SSH_UNREACHABLE',
    message: `${target.host} cannot be reached: ${reason}.`,
    next: `Look whether \`ssh ${loginOf(target)}\` works, then run the command again: it connects anew, and forwards the ports of the stack again.`,
    ...(evidence === '' ? {} : { evidence }),
  });
}

export function sshMissing(): SandboxError {
  return new SandboxError({
    code: 'SSH_NOT_FOUND',
    message: 'The address of the container engine begins with ssh://, and there is no program `ssh` here.',
    next: "Install OpenSSH's client (`apt-get install openssh-client`), or set DOCKER_HOST to an engine of this machine.",
  });
}

export function forwardingRefused({ host }: SshTarget, evidence: string): SandboxError {
  return new SandboxError({
    code: 'SSH_FORWARDING_REFUSED',
    message: `The ssh server of ${host} does not forward connections.`,
    next: 'Have AllowTcpForwarding and AllowStreamLocalForwarding set to `yes` in its sshd_config.',
    evidence,
  });
}

/** Sockets of the other machine: one that may not be used, one that does not answer, and the one that was asked for, which is none. */
interface Found {
  readonly denied?: string;
  readonly silent?: string;
  readonly named?: string | undefined;
}

/** What `find-socket.sh` has said, or that what it named does not answer. */
export function noEngineThere(target: SshTarget, found: Found): SandboxError {
  const { host } = target;
  if (found.denied !== undefined) {
    return new SandboxError({
      code: 'DOCKER_NOT_FOUND',
      message: `${host} has a container engine, but you may not use its socket ${found.denied} there.`,
      next: 'Join its group there with `sudo usermod --append --groups docker $USER`, and run the command again.',
    });
  }
  return new SandboxError({
    code: 'DOCKER_NOT_FOUND',
    message:
      found.silent === undefined
        ? `No container engine was found on ${host}: there is ${found.named === undefined ? 'none of the usual sockets' : `no socket ${found.named}`}.`
        : `No container engine answers on ${host} at ${found.silent}.`,
    next: `Start or install Docker there, or name its socket: ssh://${loginOf(target).replace(/ .*/, '')}/path/to/docker.sock.`,
  });
}

/** For people: how they would log in themselves. */
function loginOf({ user, host, port }: SshTarget): string {
  return `${user === undefined ? '' : `${user}@`}${host}${port === undefined ? '' : ` -p ${port}`}`;
}
