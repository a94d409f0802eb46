import { existsSync } from 'node:fs';
import { cp, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { partialName } from '../../containers/runtime/private-folder.ts';
import { messageOf } from '../../core/errors.ts';
import { makeFolder } from '../../core/files/make-folder.ts';
import { ownNames } from '../../core/files/ownership.ts';
import { replaceFile } from '../../core/files/replace-file.ts';
import { notice, type ProgressListener, silent } from '../../core/progress.ts';
import { ensureStackFolder, stackFolder } from '../../stack/state/stack-folder.ts';
import type { StackIdentity } from '../../stack/state/stack-identity.ts';
import { stateDirectory } from '../../stack/state/state-directory.ts';
import { localFolder } from '../storage/local-folder.ts';
import { splitLocation } from '../storage/open-storage.ts';

/**
 * Moves the archives of a stack that version 0.1 kept in the project to the stack's folder, where `git clean` does not
 * come. Those of other stacks and users stay, and those whose name is taken there. Says how many were moved.
 */
export async function moveArchivesOfProject(
  { directory, name: stack }: StackIdentity,
  progress: ProgressListener = silent,
): Promise<void> {
  const from = join(stateDirectory(directory), 'backups');
  const to = join(await stackFolder(directory, stack), 'backups');
  if (from === to || !existsSync(from)) return;
  const storage = localFolder(from);
  let moved = 0;
  try {
    const names = (await storage.list()).map(({ name }) => name);
    for (const name of await ownNames(from, names)) {
      if ((await storage.summaryOf(name))?.stack !== stack || existsSync(join(to, name))) continue;
      await ensureStackFolder(directory, stack);
      await makeFolder(to);
      await move(join(from, name), to, name);
      moved += 1;
    }
  } catch (thrown) {
    notice(progress, 'warning', `Backups in ${from} could not be moved to ${to}: ${messageOf(thrown)}.`);
  }
  if (moved > 0) notice(progress, 'info', `${counted(moved, 'backup')} moved from ${from} to ${to}.`);
}

function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}

/** Whole or not at all, also onto another disk. */
async function move(file: string, folder: string, name: string): Promise<void> {
  const target = join(folder, name);
  try {
    await rename(file, target);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EXDEV') throw thrown;
    const partial = join(folder, partialName(name));
    await cp(file, partial);
    await replaceFile(partial, target);
    await rm(file);
  }
}

/** An archive that was looked up. Whoever has one looks nothing up again. */
export interface ArchivePlace {
  /** Folder, or `s3://bucket/prefix`. */
  readonly location: string;
  /** How it is called there. */
  readonly name: string;
}

/**
 * Looks an archive up: a path, an `s3://` address, or the name of one of the stack's own backups. A path at which there is none stands for the archive of that name
 * among the stack's own backups, if that is there.
 */
export async function locateArchive(archive: string, { directory, name: stack }: StackIdentity): Promise<ArchivePlace> {
  const named = splitLocation(archive);
  if (archive.includes('://') || existsSync(archive)) return named;
  const location = join(await stackFolder(directory, stack), 'backups');
  const name = basename(named.name);
  return existsSync(join(location, name)) ? { location, name } : named;
}
