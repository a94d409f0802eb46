import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { messageOf, SandboxError } from '../core/errors.ts';
import type { TaskReport } from '../core/progress.ts';
import { baseTag } from './base-image.ts';
import { docker } from './docker.ts';
import { inspectImage } from './image-inspect.ts';
import type { ImageSpec } from './image-spec.ts';
import { labelNames } from './labels.ts';

/** Lines of a failed build's output that its error shows. */
const evidenceLines = 30;

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
  readonly spec: ImageSpec['local'];
  readonly files: readonly ContextFile[];
  /** Whether the host's certificates stay in the final image, for what is added to it later. */
  readonly keepCertificates: boolean;
}

/** Reads a build's inputs and names its result. The base counts by its definition: images can be carried without it. */
export async function planBuild(engine: string, spec: ImageSpec['local']): Promise<LocalBuild> {
  const files = await readContext(spec.contextDirectory);
  const keepCertificates = process.env.SANDBOX_CA_IN_IMAGE === '1';
  const hash = createHash('sha256').update(`${baseTag}\n${keepCertificates}\n`);
  for (const file of files) hash.update(`${file.path}\n${file.mode}\n`).update(file.content);
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

/**
 * Builds an image. Its tag comes into being at the end, so an interrupted or failed build leaves none.
 * Throws `IMAGE_BUILD_FAILED` with the last lines of the build's output.
 */
export async function buildImage(
  build: LocalBuild,
  baseImage: string,
  report: TaskReport,
  signal: AbortSignal,
): Promise<void> {
  const certificates = await hostCertificates();
  const lines: string[] = [];
  try {
    const context = await contextArchive(build, certificates);
    const id = await runBuild(build, context, { BASE_IMAGE: baseImage }, signal, (line) => {
      lines.push(line);
      const step = /^Step (\d+)\/(\d+) : (.*)/s.exec(line);
      if (step !== null) report.advance({ done: Number(step[1]), total: Number(step[2]), text: step[3] ?? '' });
    });
    const client = await docker();
    signal.throwIfAborted();
    await client.getImage(id).tag({ repo: `taishang-sandbox/${build.engine}`, tag: build.hash });
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof SandboxError) throw thrown;
    throw buildFailed(build, messageOf(thrown), lines);
  }
  if ((await inspectImage(build.tag)) === undefined) throw buildFailed(build, 'no image came of it', lines);
}

function buildFailed(build: LocalBuild, reason: string, lines: readonly string[]): SandboxError {
  return new SandboxError({
    code: 'IMAGE_BUILD_FAILED',
    engine: build.engine,
    message: `The image of ${build.engine} could not be built: ${reason}`,
    next: 'The last lines of its output are below. `npm run sandbox -- prefetch` tries again.',
    evidence: lines.join('\n').split('\n').slice(-evidenceLines).join('\n'),
  });
}

async function contextArchive(build: LocalBuild, certificates: Buffer): Promise<Readable> {
  const archive = pack();
  for (const file of build.files) archive.entry({ name: file.path, mode: file.mode }, file.content);
  archive.entry({ name: 'host-ca.crt', mode: 0o644 }, certificates);
  if (build.keepCertificates) {
    const kept = await readFile(join(import.meta.dirname, 'base', 'keep-certificates.dockerfile'));
    const own = build.files.find((file) => file.path === 'Dockerfile')?.content ?? Buffer.alloc(0);
    archive.entry({ name: 'Dockerfile.with-certificates', mode: 0o644 }, Buffer.concat([own, Buffer.from('\n'), kept]));
  }
  archive.finalize();
  return Readable.from(archive);
}

/** The bundle that this machine trusts: behind a proxy that inspects TLS, a build must trust it too. */
async function hostCertificates(): Promise<Buffer> {
  const candidates = [
    process.env.SSL_CERT_FILE,
    process.env.NODE_EXTRA_CA_CERTS,
    process.env.PIP_CERT,
    '/etc/ssl/certs/ca-certificates.crt',
    '/etc/pki/tls/certs/ca-bundle.crt',
    '/etc/ssl/cert.pem',
  ];
  for (const path of candidates) {
    if (path === undefined || path === '') continue;
    const content = await readFile(path).catch(() => undefined);
    if (content !== undefined) return content;
  }
  return Buffer.alloc(0);
}

/** Runs the build and returns the id of its result. Ending the request ends the build. */
async function runBuild(
  build: LocalBuild,
  context: Readable,
  buildArguments: Readonly<Record<string, string>>,
  signal: AbortSignal,
  onLine: (line: string) => void,
): Promise<string> {
  const client = await docker();
  const stream = await client.buildImage(context, {
    // The classic builder: every engine that speaks Docker's protocol has it, and it needs no client program.
    version: '1',
    dockerfile: build.keepCertificates ? 'Dockerfile.with-certificates' : 'Dockerfile',
    buildargs: { ...buildArguments },
    labels: { [labelNames.buildHash]: build.hash, [labelNames.origin]: build.spec.origin },
    rm: true,
    forcerm: true,
    abortSignal: signal,
  });
  let id: string | undefined;
  await new Promise<void>((resolve, reject) => {
    const abort = () => {
      (stream as Readable).destroy();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    client.modem.followProgress(
      stream,
      (error) => {
        signal.removeEventListener('abort', abort);
        if (error) reject(error);
        else resolve();
      },
      (event: { stream?: string; error?: string; aux?: { ID?: string } }) => {
        const text = event.stream ?? event.error;
        if (text !== undefined && text.trim() !== '') onLine(text.trimEnd());
        id = event.aux?.ID ?? /^Successfully built (\S+)/.exec(event.stream ?? '')?.[1] ?? id;
      },
    );
  });
  if (id === undefined) throw new Error('the build named no image');
  return id;
}
