import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import type { RunningEngine } from '../../../contract/topology.ts';
import { openPrimary } from '../../server/connection.ts';

/** A database of a server, and whose it is. */
export interface FoundDatabase {
  readonly name: string;
  /** What it takes on disk, its indexes included. */
  readonly sizeBytes: number;
  readonly isTemplate: boolean;
  readonly allowsConnections: boolean;
  /** Its removal was broken off: the server lets nobody in any more. */
  readonly isInvalid: boolean;
  /** Made for the time of a restore or a backup, and left by one that was killed. */
  readonly temporary: boolean;
  /** Made by a restore beside live data, and named so since. */
  readonly copy: boolean;
  /** Of one test, or what those of tests are made from. */
  readonly forTests: boolean;
  /** Name in its backup, of a copy. */
  readonly original: string | null;
}

/** Databases that every server comes with, and that count once something is in them. */
export const initialDatabases: ReadonlySet<string> = new Set(['postgres', 'template1']);

/** All databases but `template0`. `client` is connected to `postgres`. */
export async function foundDatabases(client: Client): Promise<readonly FoundDatabase[]> {
  const { rows } = await client.query<FoundDatabase & Record<string, unknown>>(await query('our-databases.sql'));
  return rows;
}

/** Databases that are the user's, their templates and those that let nobody in included. */
export async function ownDatabases(client: Client): Promise<readonly FoundDatabase[]> {
  return (await foundDatabases(client)).filter(
    ({ temporary, copy, forTests, isInvalid }) => !temporary && !copy && !forTests && !isInvalid,
  );
}

/** Those of them in which there is more than what every server comes with. `client` is connected to `postgres`. */
export async function ourDatabases(running: RunningEngine, client: Client): Promise<readonly FoundDatabase[]> {
  const own = await ownDatabases(client);
  const holding = await Promise.all(
    own.map(
      (found) => !initialDatabases.has(found.name) || !found.allowsConnections || holdsSomething(running, found.name),
    ),
  );
  return own.filter((_, index) => holding[index]);
}

/** Whether there is more in `postgres` or `template1` than what it comes with. */
export async function holdsSomething(running: RunningEngine, database: string): Promise<boolean> {
  await using opened = await openPrimary(running, { database });
  const { rows } = await opened.client.query<{ holds: boolean }>(await query('holds-something.sql'));
  return rows[0]?.holds ?? false;
}

export function query(name: string): Promise<string> {
  return readFile(join(import.meta.dirname, '..', '..', 'queries', name), 'utf8');
}
