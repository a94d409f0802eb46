import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { writePrivateFile } from '../../core/files/private-files.ts';
import { ensureStackFolder, stackFolder } from '../../stack/state/stack-folder.ts';
import type { StackIdentity } from '../../stack/state/stack-identity.ts';
import { isS3Address } from '../storage/s3-address.ts';

/** Most that a log archive takes on this machine, compressed, in bytes: the oldest goes. */
export const logBytesMax = 2 * 2 ** 30;

/** The log archive of a stack: it outlives the stack's nodes and volumes, as its backups do. */
export interface LogFolder {
  /** Folder of an engine's log. It need not be there. */
  readonly of: (engine: string) => string;
  /** Locations that archives with a base backup went to. */
  readonly places: readonly string[];
}

const placesFile = 'places.json';

/** `undefined` where the stack keeps no log: nobody has asked for it. */
export async function openLogFolder({ directory, name }: StackIdentity): Promise<LogFolder | undefined> {
  const folder = join(await stackFolder(directory, name), 'log', name);
  const text = await readFile(join(folder, placesFile), 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return undefined;
    throw thrown;
  });
  if (text === undefined) return undefined;
  return { of: (engine) => join(folder, engine), places: readPlaces(text, folder) };
}

/** Without them nobody knows which log is still needed. */
function readPlaces(text: string, folder: string): readonly string[] {
  try {
    const places: unknown = JSON.parse(text);
    if (Array.isArray(places) && places.every((place) => typeof place === 'string')) return places;
    throw new Error('it is no list of places');
  } catch (thrown) {
    throw new SandboxError({
      code: 'STATE_CORRUPT',
      message: `${join(folder, placesFile)}, which names where backups with a log go, cannot be read: ${messageOf(thrown)}.`,
      next: 'Remove it: the next `backup --log` writes it again, and keeps the log that is there.',
      cause: thrown,
    });
  }
}

/** From now on the stack keeps its log, and archives at this location go on by it. */
export async function ensureLogFolder(identity: StackIdentity, place: string): Promise<LogFolder> {
  const known = (await openLogFolder(identity))?.places ?? [];
  const places = [...new Set([...known, place])];
  const folder = join(await ensureStackFolder(identity.directory, identity.name), 'log', identity.name);
  await writePrivateFile(join(folder, placesFile), `${JSON.stringify(places)}\n`);
  return { of: (engine) => join(folder, engine), places };
}

/** A folder that is gone is not empty: it may lie on a disk that is not there now. */
export function requirePlace(place: string): void {
  if (!isS3Address(place) && !existsSync(place)) throw new Error(`${place} is not there`);
}

export async function removeLogFolder({ directory, name }: StackIdentity): Promise<void> {
  await rm(join(await stackFolder(directory, name), 'log', name), { recursive: true, force: true });
}
