import type { PointInTime } from '../../../contract/backup.ts';
import { backUpBase } from './base-backup.ts';
import { readBaseBackup } from './base-description.ts';
import { keptLog } from './kept-log.ts';
import { addMark, collectLog } from './log-archive.ts';
import { restoreToMoment } from './physical-restore.ts';

/** `pg_basebackup`, the archived write-ahead log, and recovery to a target that is always named. */
export const pointInTime: PointInTime = {
  backUp: backUpBase,
  describe: async (directory, manifest) => ({ ...(await readBaseBackup(directory, manifest)) }),
  mark: async (running, name) => {
    await addMark(running, name);
  },
  collectLog,
  restore: restoreToMoment,
  keptLog,
};
