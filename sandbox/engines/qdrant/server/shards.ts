import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import type { Secrets } from '../../contract/topology.ts';
import { askPeer, patientMs } from './peers.ts';

/** A shard of a collection as one peer sees it. */
export interface Shard {
  readonly collection: string;
  readonly id: number;
  /** State of each replica, by the id of its peer. */
  readonly replicas: ReadonlyMap<number, string>;
  /** Transfers of the whole collection that are under way. */
  readonly transfers: number;
}

interface CollectionsAnswer {
  readonly result: { readonly collections: readonly { readonly name: string }[] };
}

interface ShardsAnswer {
  readonly result: {
    readonly peer_id: number;
    readonly local_shards: readonly { readonly shard_id: number; readonly state: string }[];
    readonly remote_shards: readonly {
      readonly shard_id: number;
      readonly peer_id: number;
      readonly state: string;
    }[];
    readonly shard_transfers: readonly unknown[];
  };
}

/** Every shard of every collection (Qdrant documentation, REST API, "Collection cluster info"). */
export async function shardsOf(node: NodeHandle, secrets: Secrets): Promise<readonly Shard[]> {
  const { result } = (await askPeer(node, secrets, '/collections', { timeoutMs: patientMs })) as CollectionsAnswer;
  const found = await Promise.all(result.collections.map(({ name }) => shardsOfCollection(node, secrets, name)));
  return found.flat();
}

/** Every shard of one collection, as one peer sees them, in their order. */
export async function shardsOfCollection(
  node: NodeHandle,
  secrets: Secrets,
  collection: string,
): Promise<readonly Shard[]> {
  const path = `/collections/${encodeURIComponent(collection)}/cluster`;
  const { result } = (await askPeer(node, secrets, path, { timeoutMs: patientMs })) as ShardsAnswer;
  const replicas = [
    ...result.local_shards.map((shard) => ({ ...shard, peer_id: result.peer_id })),
    ...result.remote_shards,
  ];
  const byShard = [...Map.groupBy(replicas, ({ shard_id }) => shard_id)].toSorted(([left], [right]) => left - right);
  return byShard.map(([id, ofShard]) => ({
    collection,
    id,
    replicas: new Map(ofShard.map(({ peer_id, state }) => [peer_id, state])),
    transfers: result.shard_transfers.length,
  }));
}

/** Of a replica that has everything and is written to. */
export function isActive(state: string): boolean {
  return state === 'Active';
}
