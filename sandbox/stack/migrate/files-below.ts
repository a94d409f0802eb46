import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { sha256Of } from '../../core/sha256-of.ts';

/** A file by its path in the folder, and the hash of its content. */
export type FolderFile = readonly [path: string, hash: string];

/** All files of a folder, in one order everywhere, but for hidden ones and installed packages. Throws `BAD_OPTION`. */
export async function filesBelow(folder: string, shown: string): Promise<readonly FolderFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((thrown: unknown) => {
    throw new SandboxError({
      code: 'BAD_OPTION',
      message: `migrations: ${shown}: the folder cannot be read: ${messageOf(thrown)}.`,
      next: 'Look at how it is spelled.',
    });
  });
  const paths = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .filter((path) => path.split('/').every((part) => !part.startsWith('.') && part !== 'node_modules'));
  return Promise.all(
    paths.toSorted().map(async (path) => [path, sha256Of(await readFile(join(folder, path)).catch(() => ''))] as const),
  );
}
