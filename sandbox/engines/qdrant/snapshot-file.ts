import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import type { ImageOrigin } from '../../containers/image-spec.ts';
import { messageOf } from '../../core/errors.ts';
import { backupRefused } from '../backup-files.ts';

/** The file without which an archive is no snapshot of a collection: the server's, and the stand-in's. */
const configuration: Readonly<Record<ImageOrigin, string>> = {
  official: 'config.json',
  built: 'config.json',
  compatible: 'collection/collection.json',
};

/** Most of a small collection is space set aside: larger pieces than the default make reading it a few times faster. */
const pieceBytes = 2 ** 20;

/**
 * A snapshot is a tar, compressed by the stand-in. Reads it to its end: `BACKUP_PART_UNREADABLE` where it ends too early
 * or has no configuration of a collection.
 */
export async function requireSnapshot(file: string, path: string, origin: ImageOrigin): Promise<void> {
  const names = new Set<string>();
  const archive = extract();
  archive.on('entry', ({ name }, content, next) => {
    names.add(name.replace(/^\.\//, ''));
    content.on('end', next);
    // The pipeline tells of it.
    content.on('error', () => {});
    content.resume();
  });
  try {
    const bytes = createReadStream(file, { highWaterMark: pieceBytes });
    if (await isCompressed(file)) await pipeline(bytes, createGunzip({ chunkSize: pieceBytes }), archive);
    else await pipeline(bytes, archive);
  } catch (thrown) {
    throw backupRefused('BACKUP_PART_UNREADABLE', 'qdrant', `${path} is no whole archive`, messageOf(thrown));
  }
  if (names.has(configuration[origin])) return;
  throw backupRefused('BACKUP_PART_UNREADABLE', 'qdrant', `${path} is an archive, but no snapshot of a collection`);
}

/** The first two bytes of gzip (RFC 1952, 2.3.1). */
async function isCompressed(file: string): Promise<boolean> {
  for await (const start of createReadStream(file, { end: 1 }))
    return (start as Buffer).equals(Buffer.from([0x1f, 0x8b]));
  return false;
}
