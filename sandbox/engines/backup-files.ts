import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, SandboxError } from '../core/errors.ts';
import type { BackupManifest, BackupPart } from './engine.ts';

/** Describes a file of a backup that was just written. `path` is relative to the engine's folder in the backup. */
export async function describePart(directory: string, path: string): Promise<BackupPart> {
  const file = join(directory, path);
  const [{ size }, sha256] = await Promise.all([stat(file), sha256Of(file)]);
  return { path, sizeBytes: size, sha256 };
}

/** Throws `BACKUP_INVALID` where a file of the manifest is missing or is not what it was when it was written. */
export async function verifyParts(directory: string, manifest: BackupManifest): Promise<void> {
  await Promise.all(manifest.parts.map((part) => verifyPart(directory, manifest.engine, part)));
}

async function verifyPart(directory: string, engine: string, part: BackupPart): Promise<void> {
  const found = await describePart(directory, part.path).catch((thrown: unknown) => {
    throw backupInvalid(engine, `${part.path} cannot be read: ${messageOf(thrown)}`);
  });
  if (found.sizeBytes !== part.sizeBytes) {
    throw backupInvalid(engine, `${part.path} has ${found.sizeBytes} bytes instead of ${part.sizeBytes}`);
  }
  if (found.sha256 !== part.sha256) throw backupInvalid(engine, `${part.path} was changed: its SHA-256 differs`);
}

/** The error of a backup that must not be restored. */
export function backupInvalid(engine: string, reason: string, evidence?: string): SandboxError {
  return new SandboxError({
    code: 'BACKUP_INVALID',
    engine,
    message: `The backup cannot be trusted: ${reason}.`,
    next: 'Use another backup. The target was not touched.',
    ...(evidence === undefined ? {} : { evidence }),
  });
}

/** The error of a target that holds something already. */
export function targetNotEmpty(engine: string, found: string): SandboxError {
  return new SandboxError({
    code: 'RESTORE_TARGET_NOT_EMPTY',
    engine,
    message: `The target of the restore holds ${found} already.`,
    next: 'Restore into a fresh node. Nothing was changed.',
  });
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
