import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../../../core/errors.ts';
import type { BackupManifest } from '../../../contract/backup.ts';
import { backupRefused } from '../../../shared/backup/backup-files.ts';
import type { LogPosition } from './write-ahead-log.ts';

/** File of a physical backup that holds the server's files, with the manifest of `pg_basebackup` among them. */
export const baseFile = 'base.tar.zst';

/** File of a physical backup that holds its {@link BaseBackup}. */
export const descriptionFile = 'base-backup.json';

/** What a restore has to know of a base backup. */
export interface BaseBackup {
  /** System identifier of the server: its log goes on from no other one's files. Absent in those of earlier versions. */
  readonly history?: string;
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
    const read: unknown = JSON.parse(text);
    if (isBaseBackup(read)) return read;
    throw new Error('it does not describe a base backup');
  } catch (thrown) {
    throw backupRefused('BACKUP_PART_UNREADABLE', 'postgresql', `${descriptionFile}: ${messageOf(thrown)}`);
  }
}

export function isBaseBackup(value: unknown): value is BaseBackup {
  const { history, timeline, from, consistentAt, consistentTime, segmentBytes, sizeBytes } = Object(value);
  return (
    (history === undefined || isText(history, /^\d{1,20}$/)) &&
    Number.isSafeInteger(timeline) &&
    [from, consistentAt].every((position) => isText(position, /^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/)) &&
    isText(consistentTime, /^\d{4}-\d\d-\d\dT/) &&
    !Number.isNaN(Date.parse(consistentTime)) &&
    isSegmentSize(segmentBytes) &&
    typeof sizeBytes === 'number' &&
    sizeBytes >= 0
  );
}

function isText(value: unknown, form: RegExp): boolean {
  return typeof value === 'string' && form.test(value);
}

/** A power of two from 1 MB to 1 GB (PostgreSQL documentation, "initdb", `--wal-segsize`). */
function isSegmentSize(value: unknown): boolean {
  const power = typeof value === 'number' ? Math.log2(value) : Number.NaN;
  return Number.isInteger(power) && power >= 20 && power <= 30;
}
