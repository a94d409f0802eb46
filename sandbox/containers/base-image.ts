import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { deadlineMs } from '../core/deadlines.ts';
import { SandboxError } from '../core/errors.ts';
import { withProcessLock } from '../core/process-lock.ts';
import { type ProgressListener, runTask, type TaskReport } from '../core/progress.ts';
import { docker } from './docker.ts';
import { installPackages } from './docker-install.ts';
import { canInstallPackages } from './host-system.ts';
import { inspectImage } from './image-inspect.ts';
import { labelNames } from './labels.ts';

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
export const baseTag = `taishang-sandbox/base:${createHash('sha256').update(`${suite}\n${dpkgSettings}`).digest('hex').slice(0, 12)}`;

/**
 * Makes the base image from Debian's packages unless it is there. Returns its tag.
 * Throws `IMAGE_UNAVAILABLE` where that needs root on Debian and we are not.
 */
export async function ensureBaseImage(progress: ProgressListener, signal: AbortSignal): Promise<string> {
  const lockFile = join(tmpdir(), 'taishang-sandbox-base.lock');
  return withProcessLock(
    lockFile,
    'the base image',
    async () => {
      if ((await inspectImage(baseTag)) === undefined) {
        await runTask(progress, ['images', 'base'], (report) => buildBase(report, signal));
      }
      return baseTag;
    },
    { signal, timeoutMs: deadlineMs('imageBuild') },
  );
}

async function buildBase(report: TaskReport, signal: AbortSignal): Promise<void> {
  if (!(await canInstallPackages())) {
    throw new SandboxError({
      code: 'IMAGE_UNAVAILABLE',
      message:
        'No image registry answers, and a base image can be made from packages as root on Debian or Ubuntu only.',
      next: 'Connect to a registry, name a mirror in SANDBOX_REGISTRY, or carry the images here: `prefetch --input FILE`.',
    });
  }
  const debootstrap = await execa('which', ['debootstrap'], { reject: false });
  if (debootstrap.exitCode !== 0) await installPackages(['debootstrap'], report);
  const folder = await mkdtemp(join(tmpdir(), 'taishang-base-'));
  try {
    await unpackSystem(folder, report, signal);
    report.advance({ text: 'importing' });
    await importFolder(folder, signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function unpackSystem(folder: string, report: TaskReport, signal: AbortSignal): Promise<void> {
  const running = execa('debootstrap', ['--variant=minbase', suite, folder, await mirror()], {
    cancelSignal: signal,
    all: true,
    reject: false,
    stdin: 'ignore',
    timeout: deadlineMs('imageBuild'),
  });
  let lines: string[] = [];
  running.all.on('data', (chunk: Buffer) => {
    lines = [...lines, ...chunk.toString().split('\n')].filter((line) => line !== '').slice(-30);
    report.advance({ text: lines.at(-1) ?? '' });
  });
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
  await writeFile(join(folder, 'etc/dpkg/dpkg.cfg.d/sandbox'), `${dpkgSettings}\n`);
  const waste = ['var/cache/apt/archives', 'var/lib/apt/lists', 'usr/share/doc', 'usr/share/man', 'usr/share/locale'];
  for (const path of waste) {
    const entries = await readdir(join(folder, path)).catch(() => []);
    await Promise.all(entries.map((entry) => rm(join(folder, path, entry), { recursive: true, force: true })));
  }
}

/** Debian's mirror as this machine has it. */
async function mirror(): Promise<string> {
  const standard = 'http://deb.debian.org/debian';
  const folder = '/etc/apt/sources.list.d';
  const files = ['/etc/apt/sources.list', ...(await readdir(folder).catch(() => [])).map((name) => join(folder, name))];
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  const found = texts.join('\n').match(/^(?:URIs:|deb(?: \[.*\])?)\s+(https?:\/\/\S*\/debian)\/?(?:\s|$)/m)?.[1];
  // The host's may be a mirror of Ubuntu; and https needs certificates that the base does not have yet.
  return found?.startsWith('http:') ? found : standard;
}

/** The tag comes into being with the whole content, or not at all. */
async function importFolder(folder: string, signal: AbortSignal): Promise<void> {
  const archive = execa('tar', ['-C', folder, '-c', '.'], {
    buffer: false,
    stdin: 'ignore',
    stderr: 'ignore',
    cancelSignal: signal,
    reject: false,
  });
  const [repo, tag] = baseTag.split(':');
  const client = await docker();
  const stream = await client.importImage(archive.stdout, {
    repo,
    tag,
    changes: [`LABEL ${labelNames.buildHash}=${tag}`, 'CMD ["bash"]'].join('\n'),
  });
  await new Promise<void>((resolve, reject) => {
    client.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()));
  });
  const { exitCode } = await archive;
  if (exitCode !== 0 || (await inspectImage(baseTag)) === undefined) {
    await client
      .getImage(baseTag)
      .remove({ force: true })
      .catch(() => {});
    signal.throwIfAborted();
    throw new SandboxError({
      code: 'IMAGE_BUILD_FAILED',
      message: 'The base image could not be imported.',
      next: 'Look at the disk: `npm run sandbox -- doctor`.',
    });
  }
}
