import type { Redis } from 'ioredis';

export const libraryName = 'taishang';

/** Source of the library as the server holds it. */
export async function loadedLibrary(client: Redis): Promise<string | undefined> {
  const libraries = (await client.function('LIST', 'LIBRARYNAME', libraryName, 'WITHCODE')) as unknown[][];
  const [library] = libraries;
  if (library === undefined) return undefined;
  const code = library[library.indexOf('library_code') + 1];
  return typeof code === 'string' ? code : undefined;
}
