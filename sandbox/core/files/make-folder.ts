import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder, and those above it that are missing; one that is there stays as it is. Default mode: 0o700.
 * Throws the system's own error where it cannot be made. `recursive` of Node.js tries for ever where the folder above is
 * there and none can be made in it, with the error of one that is missing (as in `/proc`), in a thread that no signal
 * and no exit of the process ends.
 */
export async function makeFolder(path: string, mode = 0o700): Promise<void> {
  const folder = resolve(path);
  try {
    await mkdir(folder, mode);
  } catch (thrown) {
    if (await isFolder(folder)) return;
    const parent = dirname(folder);
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT' || parent === folder) throw thrown;
    // Where the folder above is there by now, somebody else has made it since.
    if (!(await isFolder(parent))) await makeFolder(parent, mode);
    await makeMissing(folder, mode);
  }
}

/** Somebody else may be as fast. */
async function makeMissing(folder: string, mode: number): Promise<void> {
  try {
    await mkdir(folder, mode);
  } catch (thrown) {
    if (!(await isFolder(folder))) throw thrown;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
