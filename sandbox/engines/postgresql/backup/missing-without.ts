import type { Backup } from '../../contract/backup.ts';
import { missingOfMembers } from '../../shared/backup/missing-data.ts';
import { roles } from '../failover/roles.ts';

/** What was acknowledged is on the primary and on one standby. */
export const missingWithout: NonNullable<Backup['missingWithout']> = async (running, down) =>
  missingOfMembers(
    await roles(running),
    down.map(({ name }) => name),
    { takesOver: running.watcher !== undefined },
  );
