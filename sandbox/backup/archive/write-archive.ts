import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import { type Header, type Pack, pack } from 'tar-stream';
import { replaceFile } from '../../core/files/replace-file.ts';
import { folderNameAt } from './archive-name.ts';
import {
  type ArchiveManifest,
  manifestBytesMax,
  manifestChecksum,
  manifestChecksumFile,
  manifestFile,
  manifestText,
} from './manifest.ts';
import { sealed } from './seal.ts';
import type { ArchiveSigner } from './signature.ts';

/** Verifiers of passwords are inside. */
const privateMode = 0o600;

/** The engines compress what they write; a higher level takes longer for little (PostgreSQL's dumps: 1 % less). */
const compressionLevel = constants.Z_BEST_SPEED;

type EntryHeader = Partial<Header> & Pick<Header, 'name'>;

export interface ArchiveSource {
  readonly manifest: ArchiveManifest;
  /** Folder that holds `<engine>/<part path>` of every part of the manifest. */
  readonly directory: string;
}

export interface ArchiveOptions {
  /** Keys that sign it. Default: none. */
  readonly signers?: readonly ArchiveSigner[];
  /** Told after each part, in bytes of the parts. */
  readonly progress?: (doneBytes: number, totalBytes: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Packs a backup into `file` as a stream; what is in memory at once does not grow with it. The file appears under its
 * name when it is whole and on disk; until then it is `<file>.partial`. Returns its size in bytes.
 */
export async function writeArchive(source: ArchiveSource, file: string, options: ArchiveOptions = {}): Promise<number> {
  const partial = `${file}.partial`;
  try {
    const archive = pack();
    const filling = fill(archive, source, options).catch((thrown) => archive.destroy(thrown as Error));
    const output = createWriteStream(partial, { mode: privateMode });
    const { signal } = options;
    const gzip = createGzip({ level: compressionLevel });
    await pipeline(
      Readable.from(archive),
      gzip,
      sealed(options.signers),
      output,
      ...(signal === undefined ? [] : [{ signal }]),
    );
    await filling;
    await replaceFile(partial, file);
  } catch (thrown) {
    await rm(partial, { force: true });
    throw thrown;
  }
  return (await stat(file)).size;
}

async function fill(archive: Pack, { manifest, directory }: ArchiveSource, options: ArchiveOptions): Promise<void> {
  const moment = new Date(manifest.createdAt);
  const folder = folderNameAt(moment);
  // As `git archive` does it: readers of tar files pass a comment over.
  const common = { type: 'file', mode: privateMode, mtime: moment, pax: { comment: manifest.runId } } as const;
  const header = (path: string, size: number): EntryHeader => ({ name: `${folder}/${path}`, size, ...common });
  const text = Buffer.from(manifestText(manifest));
  // No restore would take it.
  if (text.length > manifestBytesMax) throw new Error(`its manifest would have more than ${manifestBytesMax} bytes`);
  const checksum = Buffer.from(manifestChecksum(text));
  await addText(archive, header(manifestFile, text.length), text);
  await addText(archive, header(manifestChecksumFile, checksum.length), checksum);

  const parts = manifest.engines.flatMap(({ backup }) => backup.parts.map((part) => ({ engine: backup.engine, part })));
  const totalBytes = parts.reduce((total, { part }) => total + part.sizeBytes, 0);
  let doneBytes = 0;
  for (const { engine, part } of parts) {
    const path = `${engine}/${part.path}`;
    await pipeline(createReadStream(join(directory, path)), archive.entry(header(path, part.sizeBytes)));
    doneBytes += part.sizeBytes;
    options.progress?.(doneBytes, totalBytes);
  }
  archive.finalize();
}

function addText(archive: Pack, header: EntryHeader, text: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    archive.entry(header, text, (error) => (error ? reject(error) : resolve()));
  });
}
