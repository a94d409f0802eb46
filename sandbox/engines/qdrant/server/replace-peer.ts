import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { startNodeAgain, stopNode } from '../../../containers/nodes/nodes.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { eventually, forget, timeoutMs } from './forget-peer.ts';
import { askPeer, peersOf } from './peers.ts';
import { shardsOf } from './shards.ts';

/**
 * Makes a peer that has lost its data a new one: the old one is forgotten with its replicas, since the id that it had
 * is lost with its data, the node joins as a stranger, and gets a replica of every shard.
 */
export async function replacePeer(running: RunningEngine, nodeName: string): Promise<void> {
  const node = running.nodes.find(({ name }) => name === nodeName);
  const survivor = running.nodes.find(({ name }) => name !== nodeName);
  if (node === undefined || survivor === undefined) throw new Error(`there is no node ${nodeName} with a survivor`);
  await stopNode(node);
  await eventually(`the old ${nodeName} is forgotten`, () => forget(running, survivor, nodeName));
  await startNodeAgain(node);
  const id = await eventually(`${nodeName} is a member`, async () => {
    const [own, seen] = await Promise.all([peersOf(node, running.secrets), peersOf(survivor, running.secrets)]);
    return seen.peers.has(own.id) && own.peers.size === running.nodes.length ? own.id : undefined;
  });
  await eventually(`${nodeName} has a replica of every shard`, () => replicate(running, survivor, id));
}

/** Whether every shard has a replica on this peer, whatever its state; asks for those that are missing. */
async function replicate({ secrets }: RunningEngine, survivor: NodeHandle, id: number): Promise<boolean> {
  const { id: from } = await peersOf(survivor, secrets);
  const shards = await shardsOf(survivor, secrets);
  const missing = shards.filter(({ replicas, transfers }) => !replicas.has(id) && transfers === 0);
  for (const { collection, id: shard } of missing) {
    const body = { replicate_shard: { shard_id: shard, from_peer_id: from, to_peer_id: id } };
    await askPeer(survivor, secrets, `/collections/${encodeURIComponent(collection)}/cluster`, {
      method: 'POST',
      body,
      timeoutMs,
    });
  }
  return shards.every(({ replicas }) => replicas.has(id));
}
