import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Header } from 'tar-stream';
import { makeFolder } from '../../core/files/make-folder.ts';
import type { BackupPart } from '../../engines/contract/backup.ts';
import { isArchiveFolder } from './archive-name.ts';
import {
  type ArchiveManifest,
  manifestBytesMax,
  manifestChecksumFile,
  manifestFile,
  readManifest,
} from './manifest.ts';
import { archiveRefused } from './refusal.ts';
import { requireSafePath } from './safe-path.ts';
import { createTarWatch, entryBytes } from './tar-watch.ts';

/** Takes the entries of one archive in their order, and refuses the first that is not what it should be. */
export interface Unpacker {
  /** Passes the bytes of the tar file on, and refuses one that is longer than its manifest allows or ends too early. */
  readonly watch: (source: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>;
  readonly take: (header: Header, content: AsyncIterable<Buffer>) => Promise<void>;
  /** After the last entry. Throws `BACKUP_PART_MISSING` and `BACKUP_MANIFEST_INVALID`. */
  readonly finish: () => ArchiveManifest;
}

export function createUnpacker(directory: string): Unpacker {
  const tar = createTarWatch();
  let folder: string | undefined;
  let text: Buffer | undefined;
  let manifest: ArchiveManifest | undefined;
  let missing = new Map<string, BackupPart>();

  async function begin(header: Header, name: string, content: AsyncIterable<Buffer>): Promise<void> {
    const [top = '', ...rest] = name.split('/');
    const path = rest.join('/');
    if (text === undefined) {
      if (path !== manifestFile || !isArchiveFolder(top)) throw invalid(`it begins with ${JSON.stringify(name)}`);
      folder = top;
      text = await readSmall(header, content);
      return;
    }
    if (name !== `${folder}/${manifestChecksumFile}`) throw invalid(`no checksum follows its manifest`);
    manifest = readManifest(text, await readSmall(header, content));
    requireRun(header, manifest);
    missing = partsOf(manifest);
    await requireRoom(directory, manifest);
    tar.limit(tarBytesOf(manifest));
  }

  return {
    watch: tar.watch,
    async take(header, content) {
      requireFile(header);
      requireSafePath(header.name);
      if (manifest === undefined) return begin(header, header.name, content);
      requireRun(header, manifest);
      const path = header.name.startsWith(`${folder}/`) ? header.name.slice(`${folder}/`.length) : '';
      const part = missing.get(path);
      if (part === undefined) throw foreign(`${header.name} is not in its manifest, or comes twice`);
      missing.delete(path);
      requireSize(path, header.size, part.sizeBytes);
      await writePart(content, join(directory, path), part.sha256);
    },
    finish() {
      if (manifest === undefined) throw invalid('there is none');
      const [lost] = missing.keys();
      if (lost !== undefined) throw archiveRefused('BACKUP_PART_MISSING', `${lost} is not in it`);
      return manifest;
    },
  };
}

function requireFile({ type, name }: Header): void {
  if (type === 'file') return;
  const isLink = ['symlink', 'link', 'character-device', 'block-device', 'fifo'].some((kind) => kind === type);
  if (isLink) throw archiveRefused('BACKUP_LINK', `${JSON.stringify(name)} is a ${type}`);
  throw foreign(`${JSON.stringify(name)} is a ${type}`);
}

function requireRun({ pax, name }: Header, { runId }: ArchiveManifest): void {
  const { comment } = (pax ?? {}) as { comment?: unknown };
  if (comment !== runId) throw foreign(`${name} was written by another run`);
}

function requireSize(path: string, sizeBytes: number, wantedBytes: number): void {
  const what = `${path} has ${sizeBytes} bytes instead of ${wantedBytes}`;
  if (sizeBytes > wantedBytes) throw archiveRefused('BACKUP_TOO_LARGE', what);
  if (sizeBytes === wantedBytes) return;
  throw archiveRefused(sizeBytes === 0 ? 'BACKUP_PART_EMPTY' : 'BACKUP_TRUNCATED', what);
}

async function readSmall({ size, name }: Header, content: AsyncIterable<Buffer>): Promise<Buffer> {
  if (size > manifestBytesMax) throw archiveRefused('BACKUP_TOO_LARGE', `${name} has ${size} bytes`);
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function writePart(content: AsyncIterable<Buffer>, file: string, sha256: string): Promise<void> {
  await makeFolder(dirname(file));
  const hash = createHash('sha256');
  async function* hashed(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      hash.update(chunk);
      yield chunk;
    }
  }
  await pipeline(content, hashed, createWriteStream(file, { mode: 0o600, flags: 'wx' }));
  if (hash.digest('hex') === sha256) return;
  throw archiveRefused('BACKUP_PART_CHANGED', `the SHA-256 of ${file.split('/').slice(-2).join('/')} differs`);
}

/** Before anything is written: a disk that is full hurts others too. */
async function requireRoom(directory: string, manifest: ArchiveManifest): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const wantedBytes = [...partsOf(manifest).values()].reduce((total, { sizeBytes }) => total + sizeBytes, 0);
  if (wantedBytes <= bavail * bsize) return;
  const reason = `it unpacks to ${wantedBytes} bytes, and ${bavail * bsize} are free in ${directory}`;
  throw archiveRefused('BACKUP_TOO_LARGE', reason);
}

function partsOf({ engines }: ArchiveManifest): Map<string, BackupPart> {
  return new Map(
    engines.flatMap(({ backup }) => backup.parts.map((part) => [`${backup.engine}/${part.path}`, part] as const)),
  );
}

function tarBytesOf(manifest: ArchiveManifest): number {
  return [...partsOf(manifest).values()].reduce((total, { sizeBytes }) => total + entryBytes(sizeBytes), 0);
}

function foreign(reason: string) {
  return archiveRefused('BACKUP_PART_FOREIGN', reason);
}

function invalid(reason: string) {
  return archiveRefused('BACKUP_MANIFEST_INVALID', `its manifest is missing: ${reason}`);
}
