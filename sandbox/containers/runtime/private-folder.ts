import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../core/files/make-folder.ts';
import { ownNames } from '../../core/files/ownership.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../core/files/temporary-folder.ts';
import { isOwnerAlive, ownerOfThisProcess } from './owner.ts';

/** Folders and files that belong to a process carry it in their name, so that what a dead one has left can be told. */
const mark = '.taishang-';
const separator = '~';

/** Makes a private folder in `parent`, which is made if need be, and removes those that dead processes left there. */
export async function createPrivateFolder(parent: string): Promise<TemporaryFolder> {
  await makeFolder(parent);
  await removeLeftovers(parent);
  return createTemporaryFolder(`${ownMark()}${separator}`, parent);
}

/** Name of a file that is not yet what it will be: `removeLeftovers` finds it if this process dies. */
export function partialName(name: string): string {
  return `${ownMark()}${separator}${name}.partial`;
}

/** Removes what processes of this user that no longer run have left in a folder. What cannot be removed is in nobody's way. */
export async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder);
  const abandoned = names.filter((name) => {
    if (!name.startsWith(mark)) return false;
    const [host, processId, startTime] = name.slice(mark.length).split(separator);
    return !isOwnerAlive(`${host}:${processId}:${startTime}`);
  });
  const own = await ownNames(folder, abandoned);
  await Promise.all(own.map((name) => rm(join(folder, name), { recursive: true, force: true }).catch(() => {})));
}

function ownMark(): string {
  return `${mark}${ownerOfThisProcess().replaceAll(':', separator)}`;
}
