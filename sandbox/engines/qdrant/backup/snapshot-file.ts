import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { ImageOrigin } from '../../../containers/images/image-spec.ts';
import { messageOf, SandboxError } from '../../../core/errors.ts';
import { backupRefused } from '../../shared/backup/backup-files.ts';
import { targetRefused } from '../../shared/backup/restore-target.ts';
import { readTarEntries, type TarEntry } from '../../shared/backup/tar-entries.ts';

/** The file without which an archive is no snapshot of a collection: the server's, and the stand-in's. */
const configuration: Readonly<Record<ImageOrigin, string>> = {
  official: 'config.json',
  built: 'config.json',
  compatible: 'collection/collection.json',
};

/** Most of a small collection is space set aside: larger pieces than the default make reading it a few times faster. */
const pieceBytes = 2 ** 20;

export interface SnapshotCheck {
  /** Name of the file in the backup, for people. */
  readonly path: string;
  readonly origin: ImageOrigin;
  /** Whether it is of one shard of a cluster, and has no configuration of the collection. */
  readonly isShard: boolean;
  /** Room that the target has for what it unpacks to. */
  readonly freeBytes: number;
}

/**
 * A snapshot is a tar, compressed by the stand-in. Reads it to its end, and returns how much it unpacks to, in bytes.
 * Throws `BACKUP_PART_UNREADABLE` where it ends too early or has no configuration of a collection, `BACKUP_LINK` where
 * it holds anything but files and folders, and `RESTORE_TARGET_FULL` as soon as it has more than there is room for.
 */
export async function requireSnapshot(file: string, check: SnapshotCheck): Promise<number> {
  const { path, origin, isShard, freeBytes } = check;
  let hasConfiguration = isShard;
  let unpackedBytes = 0;
  const onEntry = ({ name, kind, sizeBytes }: TarEntry) => {
    if (kind === 'other')
      throw backupRefused('BACKUP_LINK', 'qdrant', `${path} holds ${JSON.stringify(name)}, no file`);
    hasConfiguration ||= name.replace(/^\.\//, '') === configuration[origin];
    unpackedBytes += sizeBytes;
    if (unpackedBytes > freeBytes) {
      throw targetRefused('RESTORE_TARGET_FULL', 'qdrant', `${path} unpacks to more than the ${freeBytes} bytes free`);
    }
  };
  try {
    const bytes = createReadStream(file, { highWaterMark: pieceBytes });
    const read = (source: AsyncIterable<Buffer>) => readTarEntries(source, onEntry);
    if (await isCompressed(file)) await pipeline(bytes, createGunzip({ chunkSize: pieceBytes }), read);
    else await pipeline(bytes, read);
  } catch (thrown) {
    if (thrown instanceof SandboxError) throw thrown;
    throw backupRefused('BACKUP_PART_UNREADABLE', 'qdrant', `${path} is no whole archive`, messageOf(thrown));
  }
  if (hasConfiguration) return unpackedBytes;
  throw backupRefused('BACKUP_PART_UNREADABLE', 'qdrant', `${path} is an archive, but no snapshot of a collection`);
}

/** The first two bytes of gzip (RFC 1952, 2.3.1). */
async function isCompressed(file: string): Promise<boolean> {
  for await (const start of createReadStream(file, { end: 1 }))
    return (start as Buffer).equals(Buffer.from([0x1f, 0x8b]));
  return false;
}
