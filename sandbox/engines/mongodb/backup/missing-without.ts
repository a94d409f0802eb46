import type { Backup } from '../../contract/backup.ts';
import { missingOfMinority } from '../../shared/backup/missing-data.ts';
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
  const minority = missingOfMinority(running.nodes.length, names);
  if (minority !== undefined) return minority;
  const isElected = (await roles(running)).some(({ role }) => role === 'primary');
  return isElected ? undefined : { why: 'none of those that run takes writes', mayCome: true };
};
