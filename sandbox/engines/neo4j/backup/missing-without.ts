import type { Backup } from '../../contract/backup.ts';
import { isSilent } from '../../shared/backup/missing-data.ts';
import { roles } from '../failover/roles.ts';

/**
 * The one that takes writes has everything but what an old primary alone has, which `leftOut` names. Which one that is stands
 * in its data, and the role is taken from an old primary before another is promoted: what runs and takes writes was never
 * promoted over.
 */
export const missingWithout: NonNullable<Backup['missingWithout']> = async (running) => {
  const up = await roles(running);
  if (up.some(({ role }) => role === 'primary')) return undefined;
  return { why: 'none of those that run takes writes', mayCome: running.watcher !== undefined || up.some(isSilent) };
};
