import type { Failover } from '../../contract/failover.ts';
import { untilConverged } from '../server/topologies-replicated.ts';
import { roles } from './roles.ts';
import { hastySet, workloads } from './workloads.ts';

/** The set elects by itself: drills only watch. Its workloads write with `majority` and to the journal. */
export const failover: Failover = {
  workloads,
  roles,
  contracts: [
    {
      topology: 'replicated',
      name: 'majority',
      promise: 'nothing acknowledged is lost: a write counts once most members have it in their journals',
      lossWindowMs: 0,
    },
  ],
  isPrimary: ({ role }) => role.toLowerCase() === 'primary',
  settle: async (running) => {
    if (running.topology === 'replicated') await untilConverged(running);
  },
  // The set stays as it is: it is clients who ask for less.
  weakenedSet: hastySet,
};
