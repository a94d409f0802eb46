import type { PointInTime } from '../backup.ts';
import { backUpBase } from './base-backup.ts';
import { addMark, collectLog } from './log-archive.ts';
import { restoreToMoment } from './physical-restore.ts';

/** `pg_basebackup`, the archived write-ahead log, and recovery to a target that is always named. */
export const pointInTime: PointInTime = {
  backUp: backUpBase,
  mark: addMark,
  collectLog,
  restore: restoreToMoment,
};
