import { createReadStream, createWriteStream } from 'node:fs';
import { access, constants, rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { messageOf, SandboxError } from '../core/errors.ts';
import { docker } from './docker.ts';
import { followEvents } from './docker-stream.ts';

/** Writes images with their tags into one archive. A file that is there before is replaced at the end only. */
export async function saveImages(file: string, references: readonly string[], signal?: AbortSignal): Promise<void> {
  const temporary = `${file}.part`;
  try {
    // Its types leave this method out (Engine API, "Export several images").
    const client = (await docker()) as Awaited<ReturnType<typeof docker>> & {
      getImages(options: { names: string[] }): Promise<NodeJS.ReadableStream>;
    };
    const archive = await client.getImages({ names: [...references] });
    await pipeline(archive, createWriteStream(temporary), signal === undefined ? {} : { signal });
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Reads images from an archive. Returns their tags. Throws `IMAGE_ARCHIVE_INVALID` where it is not a whole one. */
export async function loadImages(file: string, signal?: AbortSignal): Promise<readonly string[]> {
  const client = await docker();
  const tags: string[] = [];
  try {
    await access(file, constants.R_OK);
    const options = signal === undefined ? {} : { abortSignal: signal };
    const stream = (await client.loadImage(createReadStream(file), options)) as NodeJS.ReadableStream;
    await followEvents(
      stream,
      (event) => {
        const tag = /^Loaded image: (\S+)/m.exec(event.stream ?? '')?.[1];
        if (tag !== undefined) tags.push(tag);
      },
      signal,
    );
  } catch (thrown) {
    signal?.throwIfAborted();
    throw archiveInvalid(file, messageOf(thrown));
  }
  if (tags.length === 0) throw archiveInvalid(file, 'it holds no image');
  return tags;
}

function archiveInvalid(file: string, reason: string): SandboxError {
  return new SandboxError({
    code: 'IMAGE_ARCHIVE_INVALID',
    message: `${file} is not a whole archive of images: ${reason}`,
    next: 'Write it again where the images are: `npm run sandbox -- prefetch --output FILE`.',
  });
}
