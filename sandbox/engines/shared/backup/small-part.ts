import { readFile, stat } from 'node:fs/promises';
import type { BackupManifest } from '../../contract/backup.ts';
import { backupRefused, partFile } from './backup-files.ts';

/** No file that is read as a whole is larger, in bytes: a catalogue of 100,000 collections has about 20 MB. */
const sizeBytesMax = 64 * 2 ** 20;

/**
 * Reads a file of a backup as a whole, as its engine's catalogue or users. Throws `BACKUP_PART_MISSING` where the manifest
 * has no such part, `BACKUP_PART_UNREADABLE` where it is too long to be one, and what `partFile` throws.
 */
export async function readSmallPart(
  directory: string,
  manifest: Pick<BackupManifest, 'engine' | 'parts'>,
  path: string,
): Promise<Buffer> {
  if (!manifest.parts.some((part) => part.path === path)) {
    throw backupRefused('BACKUP_PART_MISSING', manifest.engine, `it has no ${path}`);
  }
  const file = await partFile(directory, manifest, path);
  const { size } = await stat(file);
  if (size <= sizeBytesMax) return readFile(file);
  const reason = `${path} is not what it claims to be: it has ${size} bytes, and ${sizeBytesMax} are the most`;
  throw backupRefused('BACKUP_PART_UNREADABLE', manifest.engine, reason);
}
