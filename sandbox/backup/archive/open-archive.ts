import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { createPrivateFolder } from '../../containers/runtime/private-folder.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import type { ArchiveManifest } from './manifest.ts';
import { archiveRefused } from './refusal.ts';
import { unsealed } from './seal.ts';
import { createUnpacker, type Unpacker } from './unpack.ts';

/** An archive that was found good, unpacked. Disposing of it removes what was unpacked. */
export interface OpenedBackup extends AsyncDisposable {
  readonly manifest: ArchiveManifest;
  /** Size of the archive itself. */
  readonly sizeBytes: number;
  /** Public keys that have signed every byte of it; none where nobody has. Whether they are known is for others to say. */
  readonly signedBy: readonly Buffer[];
  /** Folder with the files of one engine. */
  readonly folderOf: (engine: string) => string;
}

export interface OpenOptions {
  /** Where the private folder is made. Default: the system's own. */
  readonly temporaryDirectory?: string;
  readonly progress?: (doneBytes: number, totalBytes: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Unpacks an archive into a private folder, as a stream, and holds every byte of it against its seal and its manifest.
 * Throws a `BACKUP_...` error for an archive that is not what was written; nothing is left in the folder then.
 */
export async function openBackup(file: string, options: OpenOptions = {}): Promise<OpenedBackup> {
  const sizeBytes = await sizeOf(file);
  const folder = await createPrivateFolder(options.temporaryDirectory ?? tmpdir());
  try {
    const unpacked = await unpack(file, sizeBytes, folder.path, options);
    const dispose = folder[Symbol.asyncDispose];
    return { ...unpacked, sizeBytes, folderOf: (engine) => join(folder.path, engine), [Symbol.asyncDispose]: dispose };
  } catch (thrown) {
    await folder[Symbol.asyncDispose]();
    throw thrown;
  }
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR') throw notFound(file);
    throw thrown;
  });
  if (!found.isFile()) throw notFound(file);
  if (found.size === 0) throw archiveRefused('BACKUP_TRUNCATED', 'it is empty');
  return found.size;
}

export function notFound(file: string): SandboxError {
  return new SandboxError({
    code: 'BACKUP_NOT_FOUND',
    message: `There is no backup ${file}.`,
    next: 'Look at how it is spelled; `npm run sandbox -- backup` prints where it puts one.',
  });
}

async function unpack(
  file: string,
  sizeBytes: number,
  directory: string,
  options: OpenOptions,
): Promise<Pick<OpenedBackup, 'manifest' | 'signedBy'>> {
  const unpacker = createUnpacker(directory);
  let signedBy: readonly Buffer[] = [];
  const entries = extract();
  const { signal } = options;
  const reading = pipeline(
    createReadStream(file),
    counted(sizeBytes, options.progress),
    unsealed(sizeBytes, (publicKeys) => {
      signedBy = publicKeys;
    }),
    createGunzip(),
    unpacker.watch,
    entries,
    ...(signal === undefined ? [] : [{ signal }]),
  );
  const [read, taken] = await Promise.allSettled([reading, takeAll(entries, unpacker)]);
  const failures = [taken, read].flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  signal?.throwIfAborted();
  if (failures.length > 0) {
    const refusal = failures.find((failure) => failure instanceof SandboxError) ?? refusalOf(failures.at(-1));
    const mayBeForeign = refusal instanceof SandboxError && refusal.code === 'BACKUP_TRUNCATED';
    throw mayBeForeign && !(await maybeTar(file)) ? noTar(refusal) : refusal;
  }
  return { manifest: unpacker.finish(), signedBy };
}

async function takeAll(entries: ReturnType<typeof extract>, unpacker: Unpacker): Promise<void> {
  for await (const entry of entries) await unpacker.take(entry.header, entry as AsyncIterable<Buffer>);
}

function counted(totalBytes: number, progress: OpenOptions['progress']) {
  return async function* count(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let doneBytes = 0;
    for await (const chunk of source) {
      doneBytes += chunk.length;
      progress?.(doneBytes, totalBytes);
      yield chunk;
    }
  };
}

/** What zlib, tar-stream and the file system say, in our words. */
function refusalOf(thrown: unknown): unknown {
  const message = messageOf(thrown);
  const { code } = thrown as NodeJS.ErrnoException;
  if (code === 'Z_BUF_ERROR' || message === 'Unexpected end of data') {
    return archiveRefused('BACKUP_TRUNCATED', 'it ends too early', thrown);
  }
  if (code?.startsWith('Z_')) return archiveRefused('BACKUP_PART_CHANGED', `gzip says "${message}"`, thrown);
  if (message === 'Header exceeds max size') {
    return archiveRefused('BACKUP_TOO_LARGE', 'the header of an entry has more than 4 MiB', thrown);
  }
  if (/^Invalid tar header|^Invalid header/.test(message)) {
    return noTar(thrown);
  }
  if (code === 'ENOSPC') return archiveRefused('BACKUP_TOO_LARGE', 'the disk it is unpacked to is full', thrown);
  return thrown;
}

function noTar(cause: unknown): SandboxError {
  return archiveRefused('BACKUP_MANIFEST_INVALID', 'it is not a tar file, and so has no manifest', cause);
}

const tarBlockBytes = 512;

/** Whether a file of gzip holds a tar file, as far as it goes (POSIX, "ustar Interchange Format": magic at 257). */
async function maybeTar(file: string): Promise<boolean> {
  let begin = Buffer.alloc(0);
  const take = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      begin = Buffer.concat([begin, chunk.subarray(0, tarBlockBytes)]);
      if (begin.length >= tarBlockBytes) return;
    }
  };
  const ended = await pipeline(createReadStream(file), createGunzip(), take).then(
    () => true,
    () => false,
  );
  if (begin.length < tarBlockBytes) return !ended;
  return begin.toString('latin1', 257, 262) === 'ustar';
}
