import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Gives a file that is whole its name, over one that is there. Its content and its name are on disk when this returns: a
 * machine that loses power has the old file or the new one, and never half of one (rename(2), fsync(2)).
 */
export async function replaceFile(partial: string, path: string): Promise<void> {
  await flush(partial);
  await rename(partial, path);
  // Some file systems cannot flush a folder, and the file is in its place already.
  await flush(dirname(path)).catch(() => {});
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
