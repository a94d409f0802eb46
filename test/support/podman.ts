import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { canInstallPackages } from '../../sandbox/containers/host/host-system.ts';
import { getDocument } from '../../sandbox/containers/runtime/engine-http.ts';
import { installPackages } from '../../sandbox/containers/runtime/find/docker-install.ts';
import { programPath } from '../../sandbox/containers/runtime/find/docker-stopped.ts';
import { messageOf } from '../../sandbox/core/errors.ts';
import { poll } from '../../sandbox/core/poll.ts';

/** Podman's service with a storage of its own: nothing of a Podman that is in use here is seen or touched. */
export interface PodmanService extends AsyncDisposable {
  /** For `DOCKER_HOST`. */
  readonly url: string;
  /** Runs Podman's own command on the same storage. */
  readonly podman: (...args: readonly string[]) => Promise<string>;
}

/** What Debian's package only recommends, and no container runs without. */
const packages = ['podman', 'crun', 'netavark', 'aardvark-dns'];

/** Whether there is Podman, installed now where that is possible: as root, on Debian. */
export async function ensurePodman(): Promise<boolean> {
  const isThere = async () => (await programPath('podman')) !== undefined;
  if (await isThere()) return process.getuid?.() === 0;
  if (process.env.SANDBOX_DOCKER_INSTALL === 'never' || !(await canInstallPackages())) return false;
  await installPackages(packages, { advance: () => {}, summarise: () => {} });
  return isThere();
}

export async function startPodman(): Promise<PodmanService> {
  const folder = await mkdtemp(join(tmpdir(), 'podman-'));
  const configuration = join(folder, 'containers.conf');
  await writeFile(configuration, await limitsOfThisMachine());
  const socket = join(folder, 'podman.sock');
  const networks = join(folder, 'networks');
  await mkdir(networks);
  const own = [
    ...['--root', join(folder, 'storage'), '--runroot', join(folder, 'run')],
    ...['--network-backend', 'netavark', '--network-config-dir', networks],
  ];
  const env = { CONTAINERS_CONF: configuration };
  const podman = async (...args: readonly string[]) => (await execa('podman', [...own, ...args], { env })).stdout;
  const service = execa('podman', [...own, 'system', 'service', '--time=0', `unix://${socket}`], {
    env,
    reject: false,
    stdio: 'ignore',
  });
  await poll(async () => getDocument(socket, '/version'), {
    timeoutMs: 60_000,
    onTimeout: (last) => new Error(`Podman's service does not answer: ${messageOf(last)}`),
  });
  return {
    url: `unix://${socket}`,
    podman,
    async [Symbol.asyncDispose]() {
      // Containers end and layers are unmounted before their files go.
      await podman('system', 'reset', '--force');
      service.kill();
      await service;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** By itself Podman gives root's containers more open files and processes than a machine may allow even root. */
async function limitsOfThisMachine(): Promise<string> {
  const limits = await readFile('/proc/self/limits', 'utf8');
  const hardLimit = (name: string) => {
    const hard = new RegExp(`^${name}\\s+\\S+\\s+(\\S+)`, 'm').exec(limits)?.[1];
    return Math.min(Number(hard === undefined || hard === 'unlimited' ? Number.POSITIVE_INFINITY : hard), 1_048_576);
  };
  const [files, processes] = [hardLimit('Max open files'), Math.min(hardLimit('Max processes'), 30_000)];
  return `[containers]\ndefault_ulimits = ["nofile=${files}:${files}", "nproc=${processes}:${processes}"]\n`;
}
