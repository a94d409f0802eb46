import { SandboxError } from '../../../core/errors.ts';
import { withoutUndefined } from '../../../core/without-undefined.ts';

/** Another machine, as `ssh://[user@]host[:port][/path/of/its/docker.sock]` names it. */
export interface SshTarget {
  /** In the form of `DOCKER_HOST`. */
  readonly url: string;
  /** A name or address, or an alias of the user's `ssh_config`. */
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
  /** The engine's socket there. Absent: that machine is asked. */
  readonly socketPath?: string;
}

/** No part may begin with a hyphen: `ssh` would take it for an option. */
const form =
  /^ssh:\/\/(?:(?<user>[\w.][\w.+@-]*)@)?(?:\[(?<address>[\da-fA-F:.]+(?:%[\w.]+)?)\]|(?<host>[\w.][\w.-]*))(?::(?<port>\d{1,5}))?(?<path>\/[\w./+-]*)?$/;

/** `source` says for people who named it. Throws `BAD_OPTION`. */
export function parseSshTarget(url: string, source: string): SshTarget {
  const { user, address, host = address, port, path = '/' } = form.exec(url)?.groups ?? {};
  if (host === undefined || Number(port ?? 22) < 1 || Number(port ?? 22) > 65_535) throw notATarget(url, source);
  return {
    url,
    host,
    ...withoutUndefined({ user }),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(path === '/' ? {} : { socketPath: path }),
  };
}

/** What `ssh` is to be given for it, after all options. */
export function destinationOf({ user, host, port }: SshTarget): readonly string[] {
  return [
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...['--', host],
  ];
}

function notATarget(url: string, source: string): SandboxError {
  // A password would be in every list of processes.
  const shown = url.replace(/^(ssh:\/\/[^/@]*?):[^/]*@/, '$1:***@');
  return new SandboxError({
    code: 'BAD_OPTION',
    message: `${source} is \`${shown}\`, which is not the address of another machine's container engine.`,
    next: 'Use ssh://user@host, ssh://user@host:port, or ssh://user@host/path/to/docker.sock, without a password, or unset DOCKER_HOST.',
  });
}
