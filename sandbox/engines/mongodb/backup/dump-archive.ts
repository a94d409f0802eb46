import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { messageOf } from '../../../core/errors.ts';
import type { BackupManifest } from '../../contract/backup.ts';
import { backupRefused, partFile } from '../../shared/backup/backup-files.ts';
import { textOf } from './export/bson-bytes.ts';

/** An archive of `mongodump`. It is not compressed: the archive of the whole platform is, and its parts state their size. */
export const dumpFile = 'mongodb.archive';

/** The same of release 0.1, in gzip. */
const firstDumpFile = 'mongodb.archive.gz';

/** First four bytes of an archive and the last four, little-endian (mongo-tools, `common/archive`). */
const archiveMagic = Buffer.from([0x6d, 0xe2, 0x99, 0x81]);
const archiveEnd = Buffer.from([0xff, 0xff, 0xff, 0xff]);

/** What stands before the documents: a document with the versions, and one for each collection. Most that is held of it. */
const preludeBytesMax = 64 * 2 ** 20;

/** What an archive is, read to its end. */
export interface DumpArchive {
  readonly file: string;
  readonly isCompressed: boolean;
  /** Names of the databases in it. */
  readonly databases: readonly string[];
  readonly unpackedBytes: number;
}

/**
 * Reads the archive to its end: gzip's own checksum where it has one, the bytes that begin and end it, and what it says
 * that it holds. What it unpacks to is counted while it is read. Throws `BACKUP_PART_UNREADABLE`, and
 * `BACKUP_TOO_LARGE` once it is more than `unpackedBytesMax`.
 */
export async function readArchive(
  directory: string,
  manifest: BackupManifest,
  unpackedBytesMax: number,
): Promise<DumpArchive> {
  const isCompressed = manifest.parts.some(({ path }) => path === firstDumpFile);
  const path = isCompressed ? firstDumpFile : dumpFile;
  const file = await partFile(directory, manifest, path);
  const prelude = openPrelude();
  let unpackedBytes = 0;
  let end = Buffer.alloc(0);
  async function take(chunks: AsyncIterable<Buffer>): Promise<void> {
    for await (const chunk of chunks) {
      unpackedBytes += chunk.length;
      if (unpackedBytes > unpackedBytesMax) throw tooLarge(path, unpackedBytesMax);
      prelude.take(chunk);
      end = Buffer.concat([end, chunk.subarray(-4)]).subarray(-4);
    }
  }
  try {
    if (isCompressed) await pipeline(createReadStream(file), createGunzip(), take);
    else await pipeline(createReadStream(file), take);
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code === 'BACKUP_TOO_LARGE') throw thrown;
    throw backupRefused('BACKUP_PART_UNREADABLE', 'mongodb', `${path} is no whole archive`, messageOf(thrown));
  }
  if (!prelude.isWhole() || !end.equals(archiveEnd)) {
    throw backupRefused('BACKUP_PART_UNREADABLE', 'mongodb', `${path} is no archive of mongodump`);
  }
  return { file, isCompressed, databases: prelude.databases(), unpackedBytes };
}

function tooLarge(path: string, unpackedBytesMax: number): Error {
  const reason = `${path} unpacks to more than the ${unpackedBytesMax} bytes that there is room for`;
  return backupRefused('BACKUP_TOO_LARGE', 'mongodb', reason);
}

/** Takes an archive's pieces until the end of what stands before its documents, which is `archiveEnd`. */
function openPrelude() {
  const databases = new Set<string>();
  let held = Buffer.alloc(0);
  let state: 'magic' | 'header' | 'collections' | 'done' = 'magic';
  function step(): boolean {
    if (held.length < 4) return false;
    if (state === 'magic') {
      if (!held.subarray(0, 4).equals(archiveMagic)) throw new Error('it does not begin as one');
      state = 'header';
      held = held.subarray(4);
      return true;
    }
    if (held.subarray(0, 4).equals(archiveEnd)) {
      state = 'done';
      held = Buffer.alloc(0);
      return false;
    }
    const length = held.readInt32LE(0);
    if (length < 5 || length > preludeBytesMax) throw new Error(`a document of ${length} bytes cannot be`);
    if (held.length < length) return false;
    if (state === 'collections') databases.add(textOf(held.subarray(0, length), 'db') ?? '');
    state = 'collections';
    held = held.subarray(length);
    return true;
  }
  return {
    take: (chunk: Buffer): void => {
      if (state === 'done') return;
      held = Buffer.concat([held, chunk]);
      if (held.length > preludeBytesMax) throw new Error('it names more collections than can be');
      while (step());
    },
    isWhole: () => state === 'done',
    databases: () => [...databases].filter((name) => name !== '').toSorted(),
  };
}
