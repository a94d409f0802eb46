import type { Failover } from '../../contract/failover.ts';
import { promote, refreshStandby, rejoin, settle } from '../server/standby.ts';
import { detect, untilWritable } from './detect.ts';
import { handOver } from './hand-over.ts';
import { roles } from './roles.ts';
import { workloads } from './workloads.ts';

const notDrilled = {
  'pause-primary':
    'Community has nothing that would fence a primary which is resumed: it takes writes beside the new one until somebody stops it',
  'isolate-primary': 'members of Community are not connected: there is nothing to cut a primary off from',
  'ten-in-a-row':
    'every failover costs two dumps, for each of which the primary is stopped, and five starts of a server: ten of them would take longer than the rest of the suite',
} as const;

/**
 * Community has no failover of its own: in drills the harness notices, and promotes the standby that its dumps have made;
 * in a stack its watcher does (`scripts/watch.sh`).
 */
export const failover: Failover = {
  workloads,
  roles,
  contracts: [
    {
      topology: 'standalone',
      name: 'crash recovery',
      promise: 'nothing acknowledged is lost by a kill of the process: a transaction waits for the log',
      lossWindowMs: 0,
    },
    {
      topology: 'replicated',
      name: 'standby from dumps',
      promise: 'what was acknowledged before the last dump began is on the standby, and what came after it is lost',
      lossWindowMs: Number.POSITIVE_INFINITY,
      sinceRefresh: true,
    },
  ],
  notDrilled: { replicated: notDrilled },
  isPrimary: ({ role }) => role === 'single' || role === 'primary',
  detect,
  untilWritable,
  promote,
  handOver,
  rejoin,
  replace: refreshStandby,
  settle,
  refresh: refreshStandby,
  // Nothing has to be taken away: the promise ends where the dump does, and nobody makes another one.
  weaken: async () => {},
};
