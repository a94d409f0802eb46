import type { Failover } from '../failover.ts';

/** Peers agree by themselves: drills only watch. Any peer takes writes; drills break the one that a client talks to. */
export const failover: Failover = {
  contracts: [
    {
      topology: 'clustered',
      name: 'write consistency 2',
      promise: 'nothing acknowledged is lost: a write counts once two replicas of a shard have it',
      lossWindowMs: 0,
    },
  ],
  isPrimary: ({ role }) => role === 'leader' || role === 'primary',
};
