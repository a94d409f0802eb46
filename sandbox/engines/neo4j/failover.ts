import type { Failover } from '../failover.ts';

/** One node has nobody to fail over to: what can be held to a promise is its recovery. */
export const failover: Failover = {
  contracts: [
    {
      topology: 'standalone',
      name: 'crash recovery',
      promise: 'nothing acknowledged is lost by a kill of the process: a transaction waits for the log',
      lossWindowMs: 0,
    },
  ],
  isPrimary: ({ role }) => role === 'single',
};
