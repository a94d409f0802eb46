import type { Db } from 'mongodb';
import type { RunningEngine } from '../../contract/topology.ts';
import { untilAgreed } from '../../shared/server/until-agreed.ts';
import { withClient } from '../server/connection.ts';

/** What `removeShard` says of its work (MongoDB documentation, "removeShard"). */
interface Removal {
  readonly state: string;
  readonly dbsToMove?: readonly string[];
}

/** Leaves one shard in a fresh cluster. All nodes go on running, since the router finds the cluster by them. */
export async function leaveOneShard(running: RunningEngine): Promise<RunningEngine> {
  await withClient(running, (_, client) => removeOtherShards(client.db('admin')));
  return running;
}

/**
 * Asks a router for the removal of every shard but the first, until it says that it is done. What they are the primary of
 * moves to the first one.
 */
export async function removeOtherShards(admin: Pick<Db, 'command'>): Promise<void> {
  const { shards } = await admin.command({ listShards: 1 });
  const [kept, ...others] = (shards as readonly { readonly _id: string }[]).map(({ _id }) => _id);
  for (const shard of others) {
    await untilAgreed(
      'mongodb',
      async () => {
        const { state, dbsToMove = [] } = (await admin.command({ removeShard: shard })) as unknown as Removal;
        for (const database of dbsToMove) await admin.command({ movePrimary: database, to: kept });
        return state === 'completed';
      },
      (last) => `The shard ${shard} could not be removed: ${last}.`,
    );
  }
}
