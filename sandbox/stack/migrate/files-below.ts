import type { Dirent } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { sha256Of } from '../../core/sha256-of.ts';

/** A file by its path in the folder, and the hash of its content. */
export type FolderFile = readonly [path: string, hash: string];

/**
 * All files of a folder and of those that links in it lead to, in one order everywhere, but for hidden ones and installed
 * packages. Throws `BAD_OPTION`.
 */
export async function filesBelow(folder: string, shown: string): Promise<readonly FolderFile[]> {
  const paths = await pathsBelow(folder, '', []).catch((thrown: unknown) => {
    throw new SandboxError({
      code: 'BAD_OPTION',
      message: `migrations: ${shown}: the folder cannot be read: ${messageOf(thrown)}.`,
      next: 'Look at how it is spelled.',
    });
  });
  return Promise.all(
    paths.toSorted().map(async (path) => [path, sha256Of(await readFile(join(folder, path)).catch(() => ''))] as const),
  );
}

/** Paths from `root`. `above`: where it really is, and the folders that it is in: a link to one of them leads nowhere else. */
async function pathsBelow(root: string, folder: string, above: readonly string[]): Promise<readonly string[]> {
  const here = await realpath(join(root, folder));
  if (above.includes(here)) return [];
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const found = entries
    .filter(({ name }) => !name.startsWith('.') && name !== 'node_modules')
    .map(async (entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      return (await isFolder(entry, join(root, path))) ? pathsBelow(root, path, [...above, here]) : [path];
    });
  return (await Promise.all(found)).flat();
}

async function isFolder(entry: Dirent, path: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  // A link that leads nowhere is no folder.
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}
