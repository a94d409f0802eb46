import { randomBytes } from 'node:crypto';
import { access, constants } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { createPrivateFile } from '../../core/files/private-files.ts';
import { notice, type ProgressListener, silent } from '../../core/progress.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import { unlessMissing } from '../nodes/nodes.ts';
import { docker } from '../runtime/docker.ts';
import { followEvents } from '../runtime/docker-stream.ts';
import { type ArchivedImage, archiveOf, readArchivedImages } from './image-manifest.ts';

/** Writes images with their tags into one archive. A file that is there before is replaced at the end only. */
export async function saveImages(file: string, references: readonly string[], signal?: AbortSignal): Promise<void> {
  // Its types leave this method out (Engine API, "Export several images").
  const client = (await docker()) as Awaited<ReturnType<typeof docker>> & {
    getImages(options: { names: string[] }): Promise<NodeJS.ReadableStream>;
  };
  await using written = await createPrivateFile(file);
  const archive = await client.getImages({ names: [...references] });
  const write = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) await written.write(chunk);
  };
  await pipeline(archive as AsyncIterable<Buffer>, write, withoutUndefined({ signal }));
  await written.keep();
}

export interface LoadOptions {
  /** Names that may come into being: those that the sandbox would start. */
  readonly expected: ReadonlySet<string>;
  readonly progress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** An image that is to be loaded, and its name. */
type Chosen = ArchivedImage & { readonly reference: string };

/**
 * Reads the images that are expected from an archive, and no other. Each is loaded under a name that nobody has, and
 * gets its own only where that is free: a name that is there already stays with the image that has it, whose content
 * may be somebody's work. Returns the names that the archive has and that are here now.
 * Throws `IMAGE_ARCHIVE_INVALID` where it is not a whole archive, or has none of the expected images.
 */
export async function loadImages(file: string, options: LoadOptions): Promise<readonly string[]> {
  const { expected, progress = silent, signal } = options;
  try {
    await access(file, constants.R_OK);
    const images = await readArchivedImages(file, signal);
    const unexpected = images.flatMap(({ tags }) => tags.filter((tag) => !expected.has(tag)));
    if (unexpected.length > 0) {
      notice(progress, 'warning', `not loaded, since the sandbox has no use for it: ${unexpected.join(', ')}`);
    }
    const wanted = images.flatMap((image) =>
      image.tags.filter((tag) => expected.has(tag)).map((reference) => ({ ...image, reference })),
    );
    if (wanted.length === 0) throw new Error('it holds no image that the sandbox would start here');
    const present = await Promise.all(wanted.map(async ({ reference }) => (await idOf(reference)) !== undefined));
    for (const [index, { reference }] of wanted.entries()) {
      if (present[index]) notice(progress, 'info', `${reference} is here already, and is left as it is`);
    }
    const missing = wanted.filter((_, index) => !present[index]);
    if (missing.length > 0) await loadChosen(file, missing, signal);
    return wanted.map(({ reference }) => reference);
  } catch (thrown) {
    signal?.throwIfAborted();
    throw archiveInvalid(file, messageOf(thrown));
  }
}

async function loadChosen(file: string, chosen: readonly Chosen[], signal: AbortSignal | undefined): Promise<void> {
  const client = await docker();
  const repository = `taishang-sandbox/loading-${randomBytes(8).toString('hex')}`;
  const named = chosen.map((image, index) => ({ ...image, tag: `${repository}:${index}` }));
  try {
    const options = withoutUndefined({ abortSignal: signal });
    const archive = archiveOf(file, named, signal);
    const stream = await client.loadImage(archive, options);
    await followEvents(stream as NodeJS.ReadableStream, () => {}, signal);
    for (const { tag, reference } of named) {
      if ((await idOf(tag)) === undefined) throw new Error(`the container engine did not take ${reference}`);
      const { repo, version } = partsOf(reference);
      if ((await idOf(reference)) === undefined) await client.getImage(tag).tag({ repo, tag: version });
    }
  } finally {
    // Takes the name away; the image itself only where nothing else leads to it.
    await Promise.all(named.map(({ tag }) => unlessMissing(() => client.getImage(tag).remove())));
  }
}

async function idOf(reference: string): Promise<string | undefined> {
  return (await unlessMissing(async () => (await docker()).getImage(reference).inspect()))?.Id;
}

function partsOf(reference: string): { readonly repo: string; readonly version: string } {
  const at = reference.lastIndexOf(':');
  return at > reference.lastIndexOf('/')
    ? { repo: reference.slice(0, at), version: reference.slice(at + 1) }
    : { repo: reference, version: 'latest' };
}

function archiveInvalid(file: string, reason: string): SandboxError {
  return new SandboxError({
    code: 'IMAGE_ARCHIVE_INVALID',
    message: `${file} is not a whole archive of the sandbox's images: ${reason}`,
    next: 'Write it again where the images are: `npm run sandbox -- prefetch --output FILE`.',
  });
}
