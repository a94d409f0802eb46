import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import type { BackupManifest } from '../backup.ts';
import { backupRefused } from '../backup-files.ts';
import type { LogPosition } from './write-ahead-log.ts';

/** File of a physical backup that holds the server's files, with the manifest of `pg_basebackup` among them. */
export const baseFile = 'base.tar.zst';

/** File of a physical backup that holds its {@link BaseBackup}. */
export const descriptionFile = 'base-backup.json';

/** What a restore has to know of a base backup. */
export interface BaseBackup {
  readonly timeline: number;
  /** The log is needed from here on ... */
  readonly from: LogPosition;
  /** ... and at least up to here. */
  readonly consistentAt: LogPosition;
  /** Time of the server by which that was reached, as ISO 8601. */
  readonly consistentTime: string;
  readonly segmentBytes: number;
  /** What the files take, unpacked. */
  readonly sizeBytes: number;
}

/** Throws `BACKUP_PART_MISSING`, `BACKUP_PART_UNREADABLE`. */
export async function readBaseBackup(directory: string, { parts }: BackupManifest): Promise<BaseBackup> {
  const missing = [baseFile, descriptionFile].find((path) => !parts.some((part) => part.path === path));
  if (missing !== undefined) throw backupRefused('BACKUP_PART_MISSING', 'postgresql', `it has no ${missing}`);
  const text = await readFile(join(directory, descriptionFile), 'utf8');
  try {
    const read = JSON.parse(text) as BaseBackup;
    const isSized = read.segmentBytes > 0 && read.sizeBytes >= 0;
    if (typeof read.from === 'string' && typeof read.timeline === 'number' && isSized) return read;
    throw new Error('it does not describe a base backup');
  } catch (thrown) {
    throw backupRefused('BACKUP_PART_UNREADABLE', 'postgresql', `${descriptionFile}: ${messageOf(thrown)}`);
  }
}
