import type { Db } from 'mongodb';
import type { RunningEngine } from '../../contract/topology.ts';

/** What decides which operations a server logs as slow. It is the same for all of its databases. */
export interface Profiling {
  readonly slowms: number;
  readonly sampleRate: number;
}

/** A router has no profiler (MongoDB documentation, "profile"): `undefined`. */
export async function readProfiling(running: RunningEngine, database: Db): Promise<Profiling | undefined> {
  if (running.topology === 'clustered') return undefined;
  const { slowms, sampleRate } = await database.command({ profile: -1 });
  return { slowms, sampleRate };
}

/** Ends profiling in a database, and removes what it has logged; the server's limits are as they were. */
export async function stopProfiling(database: Db, before: Profiling | undefined): Promise<void> {
  if (before === undefined) return;
  const [{ was, slowms, sampleRate }, logs] = await Promise.all([
    database.command({ profile: -1 }),
    // One that a test has switched off itself is still there.
    database.listCollections({ name: 'system.profile' }, { nameOnly: true }).toArray(),
  ]);
  const isAsBefore = was === 0 && slowms === before.slowms && sampleRate === before.sampleRate;
  if (!isAsBefore) await database.command({ profile: 0, ...before });
  if (was !== 0 || logs.length > 0) await database.dropCollection('system.profile').catch(() => undefined);
}
