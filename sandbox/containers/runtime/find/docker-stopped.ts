import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { programFolders, programIn } from '../../../core/process/program-path.ts';

/** A container engine that is installed here and can be started. */
export interface StoppedEngine {
  /** For people. */
  readonly name: string;
  /** Program with its arguments; absent for the system's Docker daemon, which has more than one way to be started. */
  readonly command?: readonly [string, ...string[]];
}

/** What of the engines that can be started by us is installed, the likeliest first. */
export async function stoppedEngine(): Promise<StoppedEngine | undefined> {
  const isRoot = process.getuid?.() === 0;
  if (isRoot && (await programPath('dockerd')) !== undefined) return { name: 'the Docker daemon' };
  if (await programPath('orbctl')) return { name: 'OrbStack', command: ['orbctl', 'start'] };
  if (await programPath('colima')) return { name: 'Colima', command: ['colima', 'start'] };
  if (process.platform === 'darwin' && (await isThere('/Applications/Docker.app'))) {
    return { name: 'Docker Desktop', command: ['open', '--background', '-a', 'Docker'] };
  }
  const scope = isRoot ? [] : ['--user'];
  for (const unit of isRoot ? ['podman.socket'] : ['docker.service', 'docker-desktop.service', 'podman.socket']) {
    if (await hasUnit(unit, isRoot)) return { name: unit, command: ['systemctl', ...scope, 'start', unit] };
  }
  return undefined;
}

/** Path of a program, looked for as the shell does, and where daemons are. */
export function programPath(name: string): Promise<string | undefined> {
  return programIn([...programFolders(process.env), '/usr/sbin', '/usr/local/sbin', '/sbin'], name);
}

async function hasUnit(unit: string, isRoot: boolean): Promise<boolean> {
  if (!(await isThere('/run/systemd/system'))) return false;
  const scope = isRoot ? 'system' : 'user';
  const folders = [`/usr/lib/systemd/${scope}`, `/etc/systemd/${scope}`, join(homedir(), '.config/systemd/user')];
  const found = await Promise.all(folders.map((folder) => isThere(join(folder, unit))));
  return found.includes(true);
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
