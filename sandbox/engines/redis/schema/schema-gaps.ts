import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { gapsBetween, type SchemaGap } from '../../contract/schema/schema-gap.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { openMasters } from '../server/masters.ts';
import { libraryName, loadedLibrary } from './library.ts';

/** The function library of each master, held against the schema's file: keys have no schema in Redis. */
export async function schemaGaps(running: RunningEngine): Promise<readonly SchemaGap[]> {
  const wanted = await readFile(join(import.meta.dirname, 'taishang.lua'), 'utf8');
  await using masters = await openMasters(running);
  const { clients } = masters;
  const gaps = await Promise.all(clients.map(async (client) => gapsOfMaster(client, wanted, clients.length > 1)));
  return gaps.flat();
}

async function gapsOfMaster(client: Redis, wanted: string, isOneOfSeveral: boolean): Promise<readonly SchemaGap[]> {
  const library = { kind: 'library', name: libraryName };
  const code = await loadedLibrary(client);
  const { host, port } = client.options;
  return gapsBetween(
    [{ ...library, definition: wanted }],
    code === undefined ? [] : [{ ...library, definition: code }],
    isOneOfSeveral ? { place: `${host}:${port}` } : {},
  );
}
