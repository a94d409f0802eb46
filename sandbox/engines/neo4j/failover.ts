import type { Failover } from '../failover.ts';
import { detect } from './detect.ts';
import { promote, refreshStandby, rejoin, settle } from './standby.ts';

/** Community has no failover of its own: the harness notices, and promotes the standby that its dumps have made. */
export const failover: Failover = {
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
  isPrimary: ({ role }) => role === 'single' || role === 'primary',
  detect,
  promote,
  rejoin,
  replace: refreshStandby,
  settle,
  refresh: refreshStandby,
  // Nothing has to be taken away: the promise ends where the dump does, and nobody makes another one.
  weaken: async () => {},
};
