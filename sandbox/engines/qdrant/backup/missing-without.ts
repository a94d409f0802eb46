import type { Backup, MissingData } from '../../contract/backup.ts';
import { missingOfMinority } from '../../shared/backup/missing-data.ts';
import { agreeingPeers } from '../server/agreeing-peers.ts';
import { patientMs, peersOf } from '../server/peers.ts';
import { isActive, type Shard, shardsOf } from '../server/shards.ts';

/** Each shard has a replica with all of it on a peer that runs, as a majority of the peers has agreed on. */
export const missingWithout: NonNullable<Backup['missingWithout']> = async (running, down) => {
  const { nodes, secrets } = running;
  const minority = missingOfMinority(
    nodes.length,
    down.map(({ name }) => name),
  );
  if (minority !== undefined) return minority;
  const agreeing = await agreeingPeers(running);
  const [first] = agreeing;
  if (first === undefined) return { why: 'most of its peers do not see the same cluster', mayCome: true };
  const [shards, up] = await Promise.all([
    shardsOf(first, secrets),
    Promise.all(agreeing.map(async (node) => (await peersOf(node, secrets, patientMs)).id)),
  ]);
  return missingShard(shards, new Set(up));
};

/** The first shard that no peer of these has all of. */
export function missingShard(shards: readonly Shard[], peers: ReadonlySet<number>): MissingData | undefined {
  const isThere = ({ replicas }: Shard) => [...replicas].some(([peer, state]) => peers.has(peer) && isActive(state));
  const missing = shards.find((shard) => !isThere(shard));
  if (missing === undefined) return undefined;
  const { collection, id } = missing;
  // A replica that is being brought up to date is whole in a moment.
  const mayCome = [...missing.replicas.keys()].some((peer) => peers.has(peer));
  return { why: `no peer that runs has all of shard ${id} of ${JSON.stringify(collection)}`, mayCome };
}
