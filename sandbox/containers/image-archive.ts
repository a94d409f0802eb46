import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { messageOf, SandboxError } from '../core/errors.ts';
import { docker } from './docker.ts';

/** Writes images with their tags into one archive. A file that is there before is replaced at the end only. */
export async function saveImages(file: string, references: readonly string[]): Promise<void> {
  const temporary = `${file}.part`;
  try {
    // Its types leave this method out (Engine API, "Export several images").
    const client = (await docker()) as Awaited<ReturnType<typeof docker>> & {
      getImages(options: { names: string[] }): Promise<NodeJS.ReadableStream>;
    };
    const archive = await client.getImages({ names: [...references] });
    await pipeline(archive, createWriteStream(temporary));
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Reads images from an archive. Returns their tags. Throws `IMAGE_ARCHIVE_INVALID` where it is not a whole one. */
export async function loadImages(file: string): Promise<readonly string[]> {
  const client = await docker();
  const tags: string[] = [];
  try {
    const stream = await client.loadImage(createReadStream(file));
    await new Promise<void>((resolve, reject) => {
      client.modem.followProgress(
        stream as NodeJS.ReadableStream,
        (error) => (error ? reject(error) : resolve()),
        (event: { stream?: string }) => {
          const tag = /^Loaded image: (\S+)/m.exec(event.stream ?? '')?.[1];
          if (tag !== undefined) tags.push(tag);
        },
      );
    });
  } catch (thrown) {
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
