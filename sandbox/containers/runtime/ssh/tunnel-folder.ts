import { readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { SandboxError } from '../../../core/errors.ts';
import { makeFolder } from '../../../core/files/make-folder.ts';
import { writePrivateFile } from '../../../core/files/private-files.ts';
import { ensureOwnFolder, userFolder } from '../../../core/files/user-folder.ts';
import { sha256Of } from '../../../core/sha256-of.ts';
import { isOwnerAlive, ownerOfThisProcess } from '../owner.ts';
import type { SshConnection } from './ssh-client.ts';
import { parseSshTarget, type SshTarget } from './ssh-target.ts';

/** A connection to another machine, and where its container engine's socket is on this one. */
export interface Tunnel extends SshConnection {
  /** Folder of this user alone, which all commands that use the connection share. */
  readonly folder: string;
  readonly socketPath: string;
}

/** Whose port is forwarded. */
export interface ForwardedFor {
  readonly id: string;
  readonly name: string;
  readonly stack: string;
}

/** Bytes of a socket's path on macOS (104 of them, with its end; Linux has 108), and of what ssh adds while it makes one. */
const [pathBytesMax, addedBytes] = [103, 17];

/** The folder of a target is the same for all commands of this user. Makes it. Throws `NOT_SUPPORTED` where its path is too long. */
export async function tunnelOf(target: SshTarget): Promise<Tunnel> {
  const name = `ssh-${sha256Of(target.url).slice(0, 12)}`;
  const short = join(tmpdir(), `taishang-sandbox-${process.getuid?.() ?? 0}`);
  for (const parent of [await userFolder(), short]) {
    const tunnel = at(target, join(parent, name));
    const isShort = Buffer.byteLength(tunnel.socketPath) + addedBytes <= pathBytesMax;
    if (isShort && (await ensureOwnFolder(parent)) && (await ensureOwnFolder(tunnel.folder))) return tunnel;
  }
  throw new SandboxError({
    code: 'NOT_SUPPORTED',
    message: 'A socket for the connection by ssh cannot be made: the paths of the folders for it are too long.',
    next: 'Set XDG_RUNTIME_DIR to a folder of yours with a short path.',
  });
}

function at(target: SshTarget, folder: string): Tunnel {
  const controlPath = join(folder, 'control.sock');
  return { target, folder, controlPath, socketPath: join(folder, 'docker.sock'), logFile: join(folder, 'ssh.log') };
}

/** Whose tunnel's socket a path is, if it is one: commands that others start find its path in `DOCKER_HOST`. */
export async function targetOfSocket(socketPath: string): Promise<SshTarget | undefined> {
  const folder = dirname(socketPath);
  if (basename(socketPath) !== 'docker.sock' || !/^ssh-[\da-f]{12}$/.test(basename(folder))) return undefined;
  try {
    const target = parseSshTarget(await readFile(join(folder, 'target'), 'utf8'), 'target');
    return (await tunnelOf(target)).socketPath === socketPath ? target : undefined;
  } catch {
    return undefined;
  }
}

/** Who has this lock changes what the connection is used for, or whether it is there. */
export function lockFileOf({ folder }: Tunnel): string {
  return `${folder}.lock`;
}

/** Notes that this process uses the tunnel. */
export async function enlist({ folder, target }: Tunnel): Promise<void> {
  await makeFolder(join(folder, 'users'));
  await makeFolder(join(folder, 'ports'));
  await writePrivateFile(join(folder, 'target'), target.url);
  await writePrivateFile(join(folder, 'users', ownerOfThisProcess()), '');
}

/** Notes that this process does so no longer. */
export async function signOff({ folder }: Tunnel): Promise<void> {
  await rm(join(folder, 'users', ownerOfThisProcess()), { force: true });
}

/** Whether a command that runs uses it, or a port is forwarded. */
export async function isWanted(tunnel: Tunnel): Promise<boolean> {
  const users = await namesIn(join(tunnel.folder, 'users'));
  return users.some(isOwnerAlive) || (await forwardedPorts(tunnel)).size > 0;
}

/** The ports of this machine that lead to the other one's, and for whom. */
export async function forwardedPorts({ folder }: Tunnel): Promise<ReadonlyMap<number, ForwardedFor>> {
  const ports = (await namesIn(join(folder, 'ports'))).filter((name) => /^\d+$/.test(name));
  const read = ports.map(async (port) => {
    try {
      return [[Number(port), JSON.parse(await readFile(join(folder, 'ports', port), 'utf8')) as ForwardedFor] as const];
    } catch {
      return [];
    }
  });
  return new Map((await Promise.all(read)).flat());
}

export async function notePort({ folder }: Tunnel, port: number, holder: ForwardedFor): Promise<void> {
  await writePrivateFile(join(folder, 'ports', String(port)), JSON.stringify(holder));
}

export async function forgetPort({ folder }: Tunnel, port: number): Promise<void> {
  await rm(join(folder, 'ports', String(port)), { force: true });
}

/** For `-L`: a port of this machine's loopback address leads to the same of the other one's. */
export function forwardOf(port: number): string {
  return `127.0.0.1:${port}:127.0.0.1:${port}`;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}
