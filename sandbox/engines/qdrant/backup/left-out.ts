import type { LeftOut } from '../../contract/backup.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { withAgreeingPeers } from '../server/agreeing-peers.ts';
import { openClient, request } from '../server/connection.ts';
import { readNames, snapshotNameBytesMax } from './names.ts';
import { storedSnapshots } from './stored-snapshots.ts';

/** Snapshots that are named one by one; their number is told beyond that. */
const namedMax = 20;

/** Collections that a backup takes, and those that it cannot. */
export interface Choice {
  readonly taken: readonly string[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * Tells the collections that can be restored from a snapshot from those that cannot. The stand-in has neither shard keys
 * nor the server's names of files.
 */
export async function chooseCollections(running: RunningEngine, collections: readonly string[]): Promise<Choice> {
  if (running.image.origin === 'compatible') return { taken: collections, leftOut: [] };
  const reasons = await Promise.all(
    collections.map(async (name) => {
      const sizeBytes = Buffer.byteLength(name);
      if (sizeBytes > snapshotNameBytesMax) {
        return `its name has ${sizeBytes} bytes, and the server makes snapshots of collections with ${snapshotNameBytesMax} at most`;
      }
      return (await hasShardKeys(running, name))
        ? 'it has shard keys, which the server does not make again from a snapshot'
        : undefined;
    }),
  );
  return {
    taken: collections.filter((_, index) => reasons[index] === undefined),
    leftOut: collections.flatMap((name, index) => {
      const why = reasons[index];
      return why === undefined ? [] : [{ what: `collection ${JSON.stringify(name)}`, why }];
    }),
  };
}

async function hasShardKeys(running: RunningEngine, name: string): Promise<boolean> {
  const answer = await request(running, `/collections/${encodeURIComponent(name)}`);
  const { result } = (await answer.json()) as { result: { config: { params: { sharding_method?: unknown } } } };
  return result.config.params.sharding_method === 'custom';
}

/**
 * What a replace would take away and no backup has: collections that cannot be taken, and the snapshots that the server
 * keeps. API keys are of the configuration, which stays.
 */
export async function leftOut(running: RunningEngine): Promise<readonly LeftOut[]> {
  const agreeing = await withAgreeingPeers(running);
  const { collections } = await readNames(openClient(agreeing));
  const [chosen, snapshots] = await Promise.all([chooseCollections(agreeing, collections), storedSnapshots(running)]);
  const why = 'a backup has snapshots of its own, and none that the server keeps';
  const named = snapshots.slice(0, namedMax).map((name) => ({ what: `stored snapshot ${JSON.stringify(name)}`, why }));
  const others = snapshots.length - named.length;
  const further = others === 0 ? [] : [{ what: `${others} further stored snapshots`, why }];
  return [...chosen.leftOut, ...named, ...further];
}
