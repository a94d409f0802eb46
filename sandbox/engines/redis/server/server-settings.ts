import type { ReachableEngine } from '../../contract/topology.ts';
import { openMasters } from './masters.ts';

/** What decides whether a write waits for the disk, what is thrown away, and how many threads serve. */
const names = ['appendonly', 'appendfsync', 'save', 'maxmemory', 'maxmemory-policy', 'io-threads'];

export async function serverSettings(running: ReachableEngine): Promise<Readonly<Record<string, string>>> {
  await using masters = await openMasters(running);
  const [client] = masters.clients;
  const flat = (await client?.call('CONFIG', 'GET', ...names)) as readonly string[];
  const pairs = names.flatMap((name) => (flat.includes(name) ? [[name, flat[flat.indexOf(name) + 1] ?? '']] : []));
  return Object.fromEntries(pairs);
}
