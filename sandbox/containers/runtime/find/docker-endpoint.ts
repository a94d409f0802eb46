import { readFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { SandboxError } from '../../../core/errors.ts';
import { foreignInfluence } from '../../../core/files/ownership.ts';
import { sha256Of } from '../../../core/sha256-of.ts';
import { answers } from './silent-engines.ts';

export interface DockerEndpoint {
  /** In the form of `DOCKER_HOST`. */
  readonly url: string;
  /** Set when the endpoint is a socket of this machine. */
  readonly socketPath?: string;
  /** `ssh://...` of the other machine that the socket leads to. */
  readonly leadsTo?: string;
}

/**
 * First endpoint that answers: `DOCKER_HOST`, the docker client's current context, then the usual sockets of
 * Docker, rootless Docker, Docker Desktop, Colima, OrbStack, Rancher Desktop and Podman. `undefined` where none does,
 * or where `DOCKER_HOST` names one that does not answer; one that is silent is waited for once. A socket that nobody but `DOCKER_HOST` names counts only where
 * its folders and itself are root's or this user's: who listens there is told passwords. Throws `BAD_OPTION` where the
 * address that is named is none, and what {@link openTunnel} throws where it is that of another machine over ssh.
 */
export async function findDockerEndpoint(): Promise<DockerEndpoint | undefined> {
  const named = process.env.DOCKER_HOST;
  if (named) return (await overSsh(named, 'DOCKER_HOST')) ?? whereItAnswers(endpointOf(named, 'DOCKER_HOST'));
  const context = await contextHost();
  if (context !== undefined) {
    const source = "The docker client's current context";
    const remote = await overSsh(context, source);
    if (remote !== undefined) return remote;
    const endpoint = endpointOf(context, source);
    const isOurs = endpoint.socketPath === undefined || (await isTrusted(endpoint.socketPath));
    const answering = isOurs ? await whereItAnswers(endpoint) : undefined;
    if (answering !== undefined) return answering;
  }
  return firstTrusted(usualSockets());
}

/** The first of some sockets at which nobody else can listen, and an engine answers. */
export async function firstTrusted(sockets: readonly string[]): Promise<DockerEndpoint | undefined> {
  for (const socketPath of sockets) {
    if ((await isTrusted(socketPath)) && (await answers({ socketPath }))) {
      return { url: `unix://${socketPath}`, socketPath };
    }
  }
  return undefined;
}

/** For people: the usual sockets that are there and are not asked, with the reason. */
export async function passedOverSockets(sockets: readonly string[] = usualSockets()): Promise<readonly string[]> {
  const found = await Promise.all(
    sockets.map(async (socketPath) => {
      const reason = await foreignInfluence(socketPath).catch(() => undefined);
      return reason === undefined ? [] : [`${socketPath} is not used: ${reason}`];
    }),
  );
  return found.flat();
}

async function isTrusted(socketPath: string): Promise<boolean> {
  try {
    return (await foreignInfluence(socketPath)) === undefined;
  } catch {
    return false;
  }
}

/** The sockets that are tried where nothing names one, in order. */
export function usualSockets(): readonly string[] {
  const runtime = process.env.XDG_RUNTIME_DIR ?? `/run/user/${process.getuid?.() ?? 0}`;
  const home = homedir();
  return [
    '/var/run/docker.sock',
    join(runtime, 'docker.sock'),
    join(home, '.docker/run/docker.sock'),
    join(home, '.docker/desktop/docker.sock'),
    join(home, '.colima/default/docker.sock'),
    join(home, '.config/colima/default/docker.sock'),
    join(home, '.orbstack/run/docker.sock'),
    join(home, '.rd/docker.sock'),
    join(runtime, 'podman/podman.sock'),
    // Where `podman machine` puts it: on macOS the folder for temporary files is the user's own, on Linux everybody's.
    join(process.platform === 'darwin' ? tmpdir() : runtime, 'podman/podman-machine-default-api.sock'),
    join(home, '.local/share/containers/podman/machine/podman.sock'),
    '/run/podman/podman.sock',
  ];
}

/** `source` says for people who named the address. */
function endpointOf(url: string, source: string): DockerEndpoint {
  const pipes = process.platform === 'win32' ? ['npipe:'] : [];
  const scheme = /^[a-z]+:(?=\/\/.)/.exec(url)?.[0] ?? '';
  if (['unix:', ...pipes].includes(scheme)) return { url, socketPath: url.slice(`${scheme}//`.length) };
  const isAddress = ['tcp:', 'http:', 'https:'].includes(scheme) && URL.canParse(url) && new URL(url).hostname !== '';
  if (isAddress) return { url };
  throw new SandboxError({
    code: 'BAD_OPTION',
    message: `${source} is \`${url}\`, which is not the address of a container engine${scheme === 'npipe:' ? ' on this system' : ''}.`,
    next: 'Use unix:///path/to/docker.sock, tcp://127.0.0.1:2375 or ssh://user@host, or unset DOCKER_HOST to look at the usual places.',
  });
}

/** The engine of another machine; `undefined` where the address is none of ssh, nor of a socket that leads to one. */
async function overSsh(url: string, source: string): Promise<DockerEndpoint | undefined> {
  const socketPath = /^unix:\/\/(\/.*\/ssh-[\da-f]{12}\/docker\.sock)$/.exec(url)?.[1];
  if (!url.startsWith('ssh://') && socketPath === undefined) return undefined;
  const [{ parseSshTarget }, { targetOfSocket }, { openTunnel }] = await Promise.all([
    import('../ssh/ssh-target.ts'),
    import('../ssh/tunnel-folder.ts'),
    import('../ssh/tunnel.ts'),
  ]);
  const target = socketPath === undefined ? parseSshTarget(url, source) : await targetOfSocket(socketPath);
  if (target === undefined) return undefined;
  const tunnel = await openTunnel(target);
  return { url: `unix://${tunnel.socketPath}`, socketPath: tunnel.socketPath, leadsTo: target.url };
}

async function whereItAnswers(endpoint: DockerEndpoint): Promise<DockerEndpoint | undefined> {
  if (endpoint.socketPath !== undefined) {
    return (await answers({ socketPath: endpoint.socketPath })) ? endpoint : undefined;
  }
  const { protocol, hostname, port } = new URL(endpoint.url);
  // With certificates the client has to ask; the first use of it says what is wrong.
  if (protocol !== 'tcp:' || process.env.DOCKER_TLS_VERIFY) return endpoint;
  return (await answers({ host: hostname, port: port || 2375 })) ? endpoint : undefined;
}

/** Host of the docker client's current context, which is kept under the SHA-256 of its name. */
async function contextHost(): Promise<string | undefined> {
  const folder = process.env.DOCKER_CONFIG ?? join(homedir(), '.docker');
  try {
    const name =
      process.env.DOCKER_CONTEXT || JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')).currentContext;
    if (typeof name !== 'string' || name === 'default') return undefined;
    const id = sha256Of(name);
    const meta = JSON.parse(await readFile(join(folder, 'contexts/meta', id, 'meta.json'), 'utf8'));
    return meta.Endpoints?.docker?.Host;
  } catch {
    return undefined;
  }
}
