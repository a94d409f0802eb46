import { existsSync } from 'node:fs';
import { access, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deadlineMs } from '../../core/deadlines.ts';
import { SandboxError } from '../../core/errors.ts';
import { ownNames } from '../../core/files/ownership.ts';
import { withUserLock } from '../../core/files/process-lock.ts';
import { createTemporaryFolder } from '../../core/files/temporary-folder.ts';
import { type ProgressListener, runTask, type TaskReport } from '../../core/progress.ts';
import { sha256Of } from '../../core/sha256-of.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import { canInstallPackages } from '../host/host-system.ts';
import { docker } from '../runtime/docker.ts';
import { followEvents } from '../runtime/docker-stream.ts';
import { type DockerInstall, installPackages, lastLines } from '../runtime/find/docker-install.ts';
import { programPath } from '../runtime/find/docker-stopped.ts';
import { labelNames } from '../runtime/labels.ts';
import { debianSource } from './debian-source.ts';
import { inspectImage } from './image-inspect.ts';

/** Debian release that all local builds start from: it carries PostgreSQL 17, Redis 8, JRE 21 and Python 3.13. */
const suite = 'trixie';

/** Official image of the same release, where a registry answers. */
export const officialBase = 'debian:trixie-slim';

/** Left out of every package that is installed in it: nobody reads a manual in a container. */
const dpkgSettings = [
  'force-unsafe-io',
  ...['doc', 'man', 'info', 'locale', 'lintian'].map((folder) => `path-exclude=/usr/share/${folder}/*`),
].join('\n');

/** Tag of the base image, by everything that decides what is in it. */
export const baseTag = `taishang-sandbox/base:${sha256Of(`${suite}\n${dpkgSettings}`).slice(0, 12)}`;

/**
 * Makes the base image from Debian's packages unless it is there. Returns its tag.
 * Throws `IMAGE_UNAVAILABLE` where that needs root on Debian and we are not.
 */
export async function ensureBaseImage(options: {
  readonly progress: ProgressListener;
  readonly signal: AbortSignal;
  /** Whether debootstrap may be installed, where it is missing. */
  readonly install: DockerInstall;
}): Promise<string> {
  const { progress, signal, install } = options;
  return withUserLock(
    'base',
    'the base image',
    async () => {
      if ((await inspectImage(baseTag)) === undefined) {
        await runTask(progress, ['images', 'base'], (report) => buildBase(report, signal, install));
      }
      return baseTag;
    },
    { signal, timeoutMs: deadlineMs('imageBuild') },
  );
}

async function buildBase(report: TaskReport, signal: AbortSignal, install: DockerInstall): Promise<void> {
  if (!(await canInstallPackages())) {
    throw unavailable(
      'No image registry answers, and a base image can be made from packages as root on Debian or Ubuntu only.',
    );
  }
  await requireOwnArchitecture();
  await ensureDebootstrap(report, install);
  await removeLeftovers();
  await using folder = await createTemporaryFolder(folderPrefix, workFolder);
  await unpackSystem(folder.path, report, signal);
  await strip(folder.path);
  report.advance({ text: 'importing' });
  await importSystem(folder.path, baseTag, signal);
}

/** What this machine's programs unpack and configure is of its own kind. The engine may be one of another machine. */
async function requireOwnArchitecture(): Promise<void> {
  const { Architecture } = (await (await docker()).info()) as { readonly Architecture?: string };
  const own = { x64: 'x86_64', arm64: 'aarch64' }[process.arch as string];
  // Podman names them as Go does.
  const there = { amd64: 'x86_64', arm64: 'aarch64' }[Architecture ?? ''] ?? Architecture;
  if (own === undefined || there === undefined || there === own) return;
  throw unavailable(
    `No image registry answers, and a base image that is made here is for ${own}: the engine's machine has ${there}.`,
  );
}

/** Not the temporary folder: device files cannot be made where that one is in memory. */
const workFolder = '/var/tmp';
const folderPrefix = 'taishang-base-';

/** What a killed predecessor left; the lock is ours. */
async function removeLeftovers(): Promise<void> {
  const names = (await readdir(workFolder)).filter((name) => name.startsWith(folderPrefix));
  const own = await ownNames(workFolder, names);
  await Promise.all(own.map((name) => rm(join(workFolder, name), { recursive: true, force: true })));
}

/** Keys of Debian's archive, by which its packages are told from others. */
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

async function ensureDebootstrap(report: TaskReport, install: DockerInstall): Promise<void> {
  if ((await programPath('debootstrap')) !== undefined && existsSync(keyring)) return;
  if (install === 'never') {
    throw unavailable(
      'No image registry answers, and debootstrap or the keys of Debian, which make a base image, are missing and must not be installed.',
      'Install them: `apt-get install debootstrap debian-archive-keyring`.',
    );
  }
  await installPackages(['debootstrap', 'debian-archive-keyring'], report);
}

function unavailable(message: string, first = 'Connect to a registry.'): SandboxError {
  const others = 'Or name a mirror in SANDBOX_REGISTRY, or carry the images here with `prefetch --input FILE`.';
  return new SandboxError({ code: 'IMAGE_UNAVAILABLE', message, next: `${first} ${others}` });
}

async function unpackSystem(folder: string, report: TaskReport, signal: AbortSignal): Promise<void> {
  const { mirror, proxy } = await debianSource();
  // An older debootstrap does not know a newer release by name; the steps are those of `sid`.
  const knowsSuite = await access(`/usr/share/debootstrap/scripts/${suite}`).then(
    () => true,
    () => false,
  );
  const script = knowsSuite ? [] : ['/usr/share/debootstrap/scripts/sid'];
  // Its mounts and processes are its own, and end with it however it ends: nothing of this machine is mounted in a
  // folder that is removed afterwards.
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child'];
  const { execa } = await import('execa');
  const running = execa(
    'unshare',
    // Without a keyring debootstrap only warns, and takes what any mirror sends.
    [
      ...namespaces,
      'debootstrap',
      '--force-check-gpg',
      `--keyring=${keyring}`,
      '--variant=minbase',
      suite,
      folder,
      mirror,
      ...script,
    ],
    {
      cancelSignal: signal,
      killSignal: 'SIGKILL',
      all: true,
      reject: false,
      stdin: 'ignore',
      timeout: deadlineMs('imageBuild'),
      env: withoutUndefined({ http_proxy: proxy }),
    },
  );
  const lines = lastLines(running.all, report);
  const result = await running;
  signal.throwIfAborted();
  if (result.exitCode !== 0) {
    throw new SandboxError({
      code: 'IMAGE_BUILD_FAILED',
      message: `The base image could not be made: debootstrap ended with exit code ${result.exitCode ?? 'none'}.`,
      next: 'Its last lines are below; mostly the mirror in /etc/apt does not answer.',
      evidence: lines.join('\n'),
    });
  }
}

/** Takes out what nobody reads in a container, and keeps later packages from bringing it back. */
async function strip(folder: string): Promise<void> {
  await writeFile(join(folder, 'etc/dpkg/dpkg.cfg.d/sandbox'), `${dpkgSettings}\n`);
  const waste = ['var/cache/apt/archives', 'var/lib/apt/lists', 'usr/share/doc', 'usr/share/man', 'usr/share/locale'];
  for (const path of waste) {
    const entries = await readdir(join(folder, path)).catch(() => []);
    await Promise.all(entries.map((entry) => rm(join(folder, path, entry), { recursive: true, force: true })));
  }
}

/** The tag comes into being with the whole content, or not at all. */
/** Makes an image of a folder with a system in it. Throws `IMAGE_BUILD_FAILED`; no image of that name is left then. */
export async function importSystem(folder: string, name: string, signal: AbortSignal): Promise<void> {
  const { execa } = await import('execa');
  const archive = execa('tar', ['-C', folder, '-c', '.'], {
    buffer: false,
    stdin: 'ignore',
    stderr: 'ignore',
    cancelSignal: signal,
    reject: false,
  });
  const [, tag] = name.split(':');
  const client = await docker();
  const changes = [`LABEL ${labelNames.buildHash}=${tag}`, 'CMD ["bash"]'].join('\n');
  // With its tag in the name, which the API allows: Podman 4 knows no `tag` here and calls every import `latest`.
  const stream = await client.importImage(archive.stdout, { repo: name, changes, abortSignal: signal });
  await followEvents(stream, () => {}, signal);
  const { exitCode } = await archive;
  if (exitCode === 0 && (await inspectImage(name)) !== undefined) return;
  await client
    .getImage(name)
    .remove({ force: true })
    .catch(() => {});
  signal.throwIfAborted();
  throw new SandboxError({
    code: 'IMAGE_BUILD_FAILED',
    message: 'The base image could not be imported.',
    next: 'Look at the disk: `npm run sandbox -- doctor`.',
  });
}
