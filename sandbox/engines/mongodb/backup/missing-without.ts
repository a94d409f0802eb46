import type { Backup } from '../../contract/backup.ts';
import { missingOfMembers } from '../../shared/backup/missing-data.ts';
import { roles } from '../failover/roles.ts';

/** A set elects a primary as long as most of its members run; of a cluster each shard, and the router, is the only one. */
export const missingWithout: NonNullable<Backup['missingWithout']> = async (running, down) => {
  const names = down.map(({ name }) => name);
  if (running.topology === 'clustered') {
    return {
      why: `no other node has what ${names.join(' and ')} ${names.length === 1 ? 'has' : 'have'}`,
      mayCome: false,
    };
  }
  // An old primary says that it is one until it has missed the others for as long as an election takes.
  return missingOfMembers(await roles(running), names, { takesOver: true });
};
