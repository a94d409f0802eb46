import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../../core/errors.ts';
import type { SchemaOptions, SchemaReport } from '../../contract/schema.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { schemaDifferent, schemaFailed } from '../../shared/load/schema-errors.ts';
import { keepOldMark } from '../data/mark.ts';
import { openMasters } from '../server/masters.ts';
import { libraryName, loadedLibrary } from './library.ts';

const schemaDirectory = import.meta.dirname;

/**
 * Loads the platform's function library; keys have no schema in Redis.
 * Throws `SCHEMA_DIFFERENT` where another version is there and `reset` is false, `SCHEMA_FAILED` where it has an error.
 */
export async function applySchema(
  running: RunningEngine,
  { reset, keep = false, directory = schemaDirectory }: SchemaOptions,
): Promise<SchemaReport> {
  const file = join(directory, 'taishang.lua');
  const wanted = await readFile(file, 'utf8');
  await using masters = await openMasters(running);
  await keepOldMark(masters);
  // A cluster spreads keys over its masters, and functions not at all.
  const found = await Promise.all(masters.clients.map(loadedLibrary));
  if (found.every((library) => library === wanted)) return { applied: [], alreadyPresent: 1 };
  const other = found.find((library) => library !== undefined && library !== wanted);
  if (other !== undefined && !reset)
    throw schemaDifferent('redis', `The function library ${libraryName}`, { file, there: other, wanted });
  if (keep && !reset) return { applied: [], alreadyPresent: 0 };
  try {
    await Promise.all(masters.clients.map((client) => client.function('LOAD', 'REPLACE', wanted)));
  } catch (thrown) {
    throw failed(file, thrown);
  }
  return { applied: [`library ${libraryName}`], alreadyPresent: 0 };
}

/** The server says where: `... @user_function: 12: '=' expected near 'x'`. */
function failed(file: string, thrown: unknown): Error {
  const message = messageOf(thrown);
  const line = /@?user_(?:function|script):\s*(\d+):/.exec(message)?.[1];
  return schemaFailed('redis', line === undefined ? file : `${file}:${line}`, message, thrown);
}
