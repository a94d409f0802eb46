import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { environmentFlag } from '../../core/process/environment-flag.ts';
import { baseTag } from './base-image.ts';
import { hostCertificates } from './host-certificates.ts';
import type { LocalImage } from './image-spec.ts';

/** A file of a build's context. */
interface ContextFile {
  /** Relative to the context, with `/`. */
  readonly path: string;
  readonly content: Buffer;
  readonly mode: number;
}

/** A build that may be done or not, known by the hash of its inputs. */
export interface LocalBuild {
  readonly engine: string;
  /** `taishang-sandbox/<engine>:<hash>`: while nothing changes, the tag stays. */
  readonly tag: string;
  readonly hash: string;
  readonly spec: LocalImage;
  readonly files: readonly ContextFile[];
  /** Whether the host's certificates stay in the final image, for what is added to it later. */
  readonly keepCertificates: boolean;
}

/**
 * Reads a build's inputs and names its result. The base counts by its definition, so that images can be carried to a
 * machine without it; the host's certificates count where they stay in the image.
 */
export async function planBuild(engine: string, spec: LocalImage): Promise<LocalBuild> {
  const files = await readContext(spec.contextDirectory);
  const keepCertificates = environmentFlag('SANDBOX_CA_IN_IMAGE');
  const hash = createHash('sha256').update(`${baseTag}\n${keepCertificates ? await hostCertificates() : ''}\n`);
  if (spec.buildArguments !== undefined) hash.update(JSON.stringify(spec.buildArguments));
  for (const file of files) hash.update(`${file.path}\n${file.mode}\n${file.content.length}\n`).update(file.content);
  const digest = hash.digest('hex').slice(0, 12);
  return { engine, tag: `taishang-sandbox/${engine}:${digest}`, hash: digest, spec, files, keepCertificates };
}

async function readContext(directory: string): Promise<readonly ContextFile[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('__pycache__'))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  return Promise.all(
    paths.map(async (path) => {
      const [content, { mode }] = await Promise.all([readFile(path), stat(path)]);
      // A checkout keeps the executable bit alone.
      return { path: relative(directory, path).replaceAll('\\', '/'), content, mode: mode & 0o100 ? 0o755 : 0o644 };
    }),
  );
}

/** Name of the Dockerfile in a build's {@link contextArchive}. */
export function dockerfileOf(build: LocalBuild): string {
  return build.keepCertificates ? 'Dockerfile.with-certificates' : 'Dockerfile';
}

/** The context as the container engine takes it: the files, and the host's certificates as `host-ca.crt`. */
export async function contextArchive(build: LocalBuild): Promise<Readable> {
  const archive = pack();
  for (const file of build.files) archive.entry({ name: file.path, mode: file.mode }, file.content);
  archive.entry({ name: 'host-ca.crt', mode: 0o644 }, await hostCertificates());
  if (build.keepCertificates) {
    const kept = await readFile(join(import.meta.dirname, 'base', 'keep-certificates.dockerfile'));
    const own = build.files.find((file) => file.path === 'Dockerfile')?.content ?? Buffer.alloc(0);
    archive.entry({ name: dockerfileOf(build), mode: 0o644 }, Buffer.concat([own, Buffer.from('\n'), kept]));
  }
  archive.finalize();
  return Readable.from(archive);
}
