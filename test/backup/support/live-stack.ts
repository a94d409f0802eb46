import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { labelNames } from '../../../sandbox/containers/runtime/labels.ts';
import { findContainers, findNetworks, findVolumes } from '../../../sandbox/containers/runtime/objects.ts';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { openPrimary } from '../../../sandbox/engines/postgresql/server/connection.ts';
import { openClient } from '../../../sandbox/engines/redis/server/connection.ts';
import { attachStack } from '../../../sandbox/stack/attach/attach-stack.ts';
import { stackIdentity } from '../../../sandbox/stack/state/stack-identity.ts';
import { dataOf } from '../../support/data-home.ts';
import { wholeEngines } from '../../support/whole-engines.ts';

/** Engine to the hashes of its data and its catalogue. */
export type Fingerprints = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What the running stack of a folder holds. */
export async function fingerprintsOf(directory: string, name?: string): Promise<Fingerprints> {
  const { engines } = await attachStack({ directory, ...(name === undefined ? {} : { name }) });
  const loaded = await wholeEngines([...engines.keys()]);
  const entries = loaded.map(async (engine) => {
    const { parts } = await engine.data.fingerprint(engines.get(engine.name as never) as unknown as RunningEngine);
    return [engine.name, parts] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** Destroys data that a backup must bring back: a table with all that hangs on it, and every key. */
export async function destroy(directory: string): Promise<void> {
  const { engines } = await attachStack({ directory });
  await using users = await openPrimary(engines.get('postgresql') as RunningEngine, { database: 'taishang_users' });
  await users.client.query('DROP TABLE IF EXISTS users CASCADE');
  const redis = engines.get('redis') as RunningEngine;
  await using cache = await openClient(redis.nodes[0] as RunningEngine['nodes'][number], redis.secrets);
  await cache.flushall();
  await cache.set('written', 'after the backup');
}

/** What of a stack's folder and of Docker a killed or finished restore must not leave. */
export async function leftovers(directory: string): Promise<object> {
  const { name } = stackIdentity({ directory });
  const staging = { [labelNames.beside]: name, [labelNames.purpose]: 'throw-away' };
  const [containers, networks, strays, volumes, files] = await Promise.all([
    findContainers(staging),
    findNetworks(staging),
    findVolumes(staging),
    findVolumes({ [labelNames.stack]: name }),
    readdir(join(dataOf(directory), 'staging')),
  ]);
  const perEngine = volumes.map(({ labels }) => labels[labelNames.engine]).filter((engine) => engine !== undefined);
  return { containers, networks, strays, files, volumesOfEngines: perEngine.toSorted() };
}

/** {@link leftovers} of a stack of PostgreSQL (data and archived log) and Redis where everything is as it should be. */
export const nothingLeft = {
  containers: [],
  networks: [],
  strays: [],
  files: [],
  volumesOfEngines: ['postgresql', 'postgresql', 'redis'],
};
