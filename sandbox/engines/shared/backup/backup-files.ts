import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ErrorCode, messageOf, SandboxError } from '../../../core/errors.ts';
import { isSafePath } from '../../../core/files/safe-path.ts';
import { withoutUndefined } from '../../../core/without-undefined.ts';
import type { BackupManifest, BackupPart } from '../../contract/backup.ts';

/** Ways in which a backup is refused before the target is touched. */
export type BackupRefusal = Extract<ErrorCode, `BACKUP_${string}`>;

/** Describes a file of a backup that was just written. `path` is relative to the engine's folder in the backup. */
export async function describePart(directory: string, path: string): Promise<BackupPart> {
  const file = join(directory, path);
  const [{ size }, sha256] = await Promise.all([stat(file), sha256OfFile(file)]);
  return { path, sizeBytes: size, sha256 };
}

/** A file of a backup that is being written. */
export interface OpenPart {
  readonly stream: Writable;
  /** Once the stream has ended and everything is on the disk. */
  readonly written: Promise<BackupPart>;
}

/** {@link describePart} for a file that is written now: it is hashed on its way, and not read again. */
export function openPart(directory: string, path: string): OpenPart {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const stream = new Transform({
    transform(piece: Buffer, _, done) {
      hash.update(piece);
      sizeBytes += piece.length;
      done(null, piece);
    },
  });
  // Passwords' hashes may be in it.
  const file = createWriteStream(join(directory, path), { mode: 0o600 });
  const written = pipeline(stream, file).then(() => ({ path, sizeBytes, sha256: hash.digest('hex') }));
  written.catch(() => {});
  return { stream, written };
}

/** Writes something short as a file of a backup. */
export function writePart(directory: string, path: string, text: string | Buffer): Promise<BackupPart> {
  const { stream, written } = openPart(directory, path);
  stream.end(text);
  return written;
}

/**
 * Throws where a file of the manifest is not what it was when it was written: `BACKUP_PART_MISSING`,
 * `BACKUP_PART_EMPTY`, `BACKUP_TRUNCATED` or `BACKUP_PART_CHANGED`, and what {@link partFile} throws.
 */
export async function verifyParts(directory: string, manifest: BackupManifest): Promise<void> {
  await Promise.all(manifest.parts.map((part) => verifyPart(directory, manifest, part)));
}

/**
 * Absolute path of a part that was named by the manifest or by a file of the backup itself: the one way from a name in
 * an archive to a file on this machine. Throws `BACKUP_PATH_UNSAFE` where it may lead out of the folder,
 * `BACKUP_PART_FOREIGN` where the manifest does not have it, `BACKUP_PART_MISSING` where there is nothing, and
 * `BACKUP_LINK` where it, or a folder on the way, is anything but itself: a link, a device, a pipe that would be waited
 * for without end.
 */
export async function partFile(
  directory: string,
  { engine, parts }: Pick<BackupManifest, 'engine' | 'parts'>,
  path: unknown,
): Promise<string> {
  const named = JSON.stringify(path) ?? 'nothing';
  if (!isSafePath(path)) throw backupRefused('BACKUP_PATH_UNSAFE', engine, `${named} may lead out of it`);
  if (!parts.some((part) => part.path === path)) {
    throw backupRefused('BACKUP_PART_FOREIGN', engine, `its manifest has no ${named}`);
  }
  const segments = path.split('/');
  for (const end of segments.keys()) {
    const reached = join(directory, ...segments.slice(0, end + 1));
    const found = await lstat(reached).catch((thrown: unknown) => {
      throw backupRefused('BACKUP_PART_MISSING', engine, `${path} cannot be read: ${messageOf(thrown)}`);
    });
    const isAsNamed = end === segments.length - 1 ? found.isFile() : found.isDirectory();
    if (!isAsNamed) throw backupRefused('BACKUP_LINK', engine, `${path} is no ordinary file`);
  }
  return join(directory, path);
}

async function verifyPart(directory: string, manifest: BackupManifest, part: BackupPart): Promise<void> {
  const { path } = part;
  const { engine } = manifest;
  await partFile(directory, manifest, path);
  const found = await describePart(directory, path).catch((thrown: unknown) => {
    throw backupRefused('BACKUP_PART_MISSING', engine, `${path} cannot be read: ${messageOf(thrown)}`);
  });
  if (found.sizeBytes === 0 && part.sizeBytes > 0) {
    throw backupRefused('BACKUP_PART_EMPTY', engine, `${path} is empty instead of ${part.sizeBytes} bytes long`);
  }
  if (found.sizeBytes < part.sizeBytes) {
    throw backupRefused('BACKUP_TRUNCATED', engine, `${path} has ${found.sizeBytes} bytes of ${part.sizeBytes}`);
  }
  if (found.sizeBytes > part.sizeBytes || found.sha256 !== part.sha256) {
    throw backupRefused('BACKUP_PART_CHANGED', engine, `${path} is not what it was: its SHA-256 differs`);
  }
}

/** The error of a backup that must not be restored. */
export function backupRefused(code: BackupRefusal, engine: string, reason: string, evidence?: string): SandboxError {
  return new SandboxError({
    code,
    engine,
    message: `The backup cannot be trusted: ${reason}.`,
    next: 'Use another backup. The target was not touched.',
    ...withoutUndefined({ evidence }),
  });
}

/** Total size of an engine's files, in bytes. */
export function totalBytes({ parts }: BackupManifest): number {
  return parts.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
}

async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
