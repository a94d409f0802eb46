import { manifestBytesMax } from './manifest.ts';
import { archiveRefused } from './refusal.ts';

/** A tar file ends with two blocks of zeroes (POSIX, "ustar Interchange Format"). */
const endBytes = 1_024;

/** Before the manifest is known: itself, its checksum, and the largest header that tar-stream takes for each. */
const beginBytesMax = 2 * (entryBytes(manifestBytesMax) + 4 * 2 ** 20);

/** Room that a header of a long path may take, in bytes. */
function headerBytes(): number {
  return 8 * 512;
}

/** What an entry takes at most in a tar file: its headers, and its content in whole blocks. */
export function entryBytes(sizeBytes: number): number {
  return headerBytes() + Math.ceil(sizeBytes / 512) * 512;
}

/** Watches a tar file pass by, as to its length and its end. */
export interface TarWatch {
  readonly watch: (source: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>;
  /** Says how long the rest after the manifest may be at most, in bytes. */
  readonly limit: (partsBytes: number) => void;
}

export function createTarWatch(): TarWatch {
  let bytesMax = beginBytesMax;
  return {
    limit: (partsBytes) => {
      bytesMax = beginBytesMax + partsBytes;
    },
    async *watch(source) {
      let seenBytes = 0;
      let end = Buffer.alloc(0);
      for await (const chunk of source) {
        seenBytes += chunk.length;
        // Where the manifest has not been read yet, no more than the start of the archive is on its way.
        if (seenBytes > bytesMax) {
          throw archiveRefused('BACKUP_TOO_LARGE', `it unpacks to more than ${bytesMax} bytes`);
        }
        end = Buffer.concat([end.subarray(-endBytes), chunk]).subarray(-endBytes);
        yield chunk;
      }
      if (end.length < endBytes || end.some((byte) => byte !== 0)) {
        throw archiveRefused('BACKUP_TRUNCATED', 'it ends before the last block of its tar file');
      }
    },
  };
}
