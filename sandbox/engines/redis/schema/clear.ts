import type { RunningEngine } from '../../contract/topology.ts';
import { openMasters } from '../server/masters.ts';

/** Removes all keys of database 0. Other databases, and libraries, stay. */
export async function clear(running: RunningEngine): Promise<void> {
  await using masters = await openMasters(running);
  await Promise.all(masters.clients.map((client) => client.flushdb()));
}
