import type { Failover } from '../../contract/failover.ts';
import { roles } from '../server/peers.ts';
import { replacePeer } from '../server/replace-peer.ts';
import { untilConverged } from '../server/topologies.ts';
import { askForOneCopy, hastySet, workloads } from './workloads.ts';

/** Peers agree by themselves: drills only watch. Any peer takes writes; drills break the leader, which clients are on too. */
export const failover: Failover = {
  workloads,
  roles,
  contracts: [
    {
      topology: 'clustered',
      name: 'write consistency 2',
      promise: 'nothing acknowledged is lost: a write counts once two replicas of a shard have it',
      lossWindowMs: 0,
    },
  ],
  isPrimary: ({ role }) => role === 'leader' || role === 'primary',
  replace: replacePeer,
  settle: untilConverged,
  weaken: askForOneCopy,
  weakenedSet: hastySet,
};
