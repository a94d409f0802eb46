import { stopNode } from '../../../containers/nodes/nodes.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { eventually, forget } from '../server/forget-peer.ts';
import { untilConverged } from '../server/topologies.ts';

/** Leaves two peers in a fresh cluster: the last one is down, and the others know it no more. */
export async function leaveTwoPeers(running: RunningEngine): Promise<RunningEngine> {
  const [survivor] = running.nodes;
  const last = running.nodes.at(-1);
  if (survivor === undefined || last === undefined || survivor === last) throw new Error('a cluster has several peers');
  await stopNode(last);
  await eventually(`${last.name} is forgotten`, () => forget(running, survivor, last.name));
  const left = { ...running, nodes: running.nodes.filter((node) => node !== last) };
  await untilConverged(left);
  return left;
}
