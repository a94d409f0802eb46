import { Redis } from 'ioredis';
import type { Isolation, Place, PlaceOwner } from '../../contract/isolation.ts';
import { type Connection, firstNode, type RunningEngine } from '../../contract/topology.ts';
import { isPlaceName, ownerOfPlace, stackMark } from '../../shared/isolation/place-names.ts';
import { openClient } from '../server/connection.ts';
import { addRows } from './add-rows.ts';
import { leaks } from './leaks/leaks.ts';
import { dropPlace, openPlaces } from './places.ts';
import { findRegistry, takenDatabases } from './registry.ts';
import { servers } from './servers/servers.ts';

/** A logical database, and a user that can select no other; a server where what those share matters. */
export const isolation: Isolation<Redis> = {
  mode: 'database',
  place: 'a logical database with a user of its own, copied from database 0',
  leaks,
  open: openPlaces,
  otherModes: [servers],
  connect,
  addRows,
  sweep,
};

async function connect({ uri }: Place): Promise<Connection<Redis>> {
  const client = new Redis(uri, { lazyConnect: true });
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (thrown) {
    // It would go on trying for ever.
    client.disconnect();
    throw thrown;
  }
  return { client, [Symbol.asyncDispose]: async () => client.disconnect() };
}

/** A restart of the server forgets users, and keeps databases: the list of those is what counts. */
async function sweep(running: RunningEngine, isAlive: (owner: PlaceOwner, id: string) => boolean): Promise<number> {
  if (running.topology === 'clustered') return 0;
  await using client = await openClient(firstNode(running), running.secrets);
  const registry = await findRegistry(client);
  if (registry === undefined) return 0;
  const mark = stackMark(running);
  const users = (await client.acl('USERS')) as readonly string[];
  const names = new Set([...(await takenDatabases(client, registry)).keys(), ...users]);
  const abandoned = [...names].filter((name) => {
    const owner = ownerOfPlace(name, mark);
    // The list is ours: whoever is in it and not of this stack came with the backup of another one.
    if (owner === undefined) return isPlaceName(name) && !users.includes(name);
    return !isAlive(owner, name);
  });
  for (const name of abandoned) await dropPlace(client, registry, name);
  return abandoned.length;
}
