import { now } from '../../core/clock.ts';
import { SandboxError } from '../../core/errors.ts';
import { momentOfArchive } from '../archive/archive-name.ts';
import { startBytes, summaryOfArchive } from '../archive/archive-summary.ts';
import { parseS3Address } from './s3-address.ts';
import { createS3Client, endpointOf, type S3ClientOptions } from './s3-client.ts';
import { downloadFile } from './s3-download.ts';
import { storageError } from './s3-errors.ts';
import { listArchives, readStart, removeObject, type S3Bucket } from './s3-objects.ts';
import { uploadFile } from './s3-upload.ts';
import { abandonStaleUploads } from './s3-upload-state.ts';
import type { Storage } from './storage.ts';

export interface S3Storage extends Storage, Disposable {
  /**
   * Gives up uploads of archives here that were begun more than a day before `now` (default: this moment) and never
   * ended, so that their parts take no room. Returns their keys. Each `store` does it too, at its end.
   */
  abandonStaleUploads(now?: Date): Promise<readonly string[]>;
}

/**
 * Archives in `s3://bucket/prefix`, at Amazon or a server that speaks its protocol. Transfers hold about 24 MiB in
 * memory at any size, and go on where they were cut: an upload by a note beside the local file (`<file>.upload.json`),
 * a download by `<file>.partial`. Disposing of it ends its connections.
 * Throws `BAD_OPTION`; its functions throw `STORAGE_DENIED`, `STORAGE_NOT_FOUND`, `STORAGE_FULL`, `STORAGE_UNREACHABLE`,
 * `BACKUP_NOT_FOUND` and `BACKUP_FAILED`.
 */
export function s3Storage(address: string, options: S3ClientOptions = {}): S3Storage {
  const { bucket, prefix } = parseS3Address(address);
  const client = createS3Client(options);
  const place = { address: `s3://${bucket}/${prefix}`.replace(/\/$/, ''), endpoint: endpointOf(options) };
  const at: S3Bucket = { client, bucket, prefix, place };
  const keyOf = (name: string) => `${prefix}${requireArchiveName(name)}`;
  return {
    description: at.place.address,
    list: () => listArchives(at),
    store: async (file, name, transfer) => {
      await uploadFile(at, file, keyOf(name), transfer);
      // Whoever may not look for others' uploads can still back up.
      await abandonStaleUploads(at, now()).catch(() => {});
    },
    fetch: async (name, file, transfer) => downloadFile(at, keyOf(name), file, transfer),
    summaryOf: async (name) => {
      const start = await readStart(at, keyOf(name), startBytes);
      return summaryOfArchive(start).catch((thrown) => {
        throw storageError(thrown, at.place);
      });
    },
    remove: async (name) => removeObject(at, keyOf(name)),
    abandonStaleUploads: (moment = now()) => abandonStaleUploads(at, moment),
    [Symbol.dispose]: () => client.destroy(),
  };
}

/** Nothing else is ever read, written or removed there. */
function requireArchiveName(name: string): string {
  if (momentOfArchive(name) !== undefined) return name;
  throw new SandboxError({
    code: 'BAD_OPTION',
    message: `${JSON.stringify(name)} is not the name of a backup.`,
    next: 'It is taishang-backup-<YYYYMMDD_HHMMSS>.tar.gz.',
  });
}
