import type { RunningEngine } from '../../contract/topology.ts';
import { openClient } from '../server/connection.ts';

/** Deletes all collections, which takes their aliases with them. */
export async function clear(running: RunningEngine): Promise<void> {
  const client = openClient(running);
  const { collections } = await client.getCollections();
  for (const { name } of collections) await client.deleteCollection(name);
}
