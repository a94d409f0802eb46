import type { Stats } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';

/** As many links as Linux follows in one path (path_resolution(7)). */
const linksMax = 40;

/**
 * Why somebody else than root and this user decides what is at a path: a part of it, or a link on the way, belongs to
 * another user, or everybody may rename what is in one of its folders. `undefined` where nobody else does.
 * Throws where the path leads nowhere.
 */
export async function foreignInfluence(path: string): Promise<string | undefined> {
  const own = process.getuid?.();
  if (own === undefined) return undefined;
  // In a user namespace the files of the machine's root have another number (user_namespaces(7)): that of the root folder.
  const trusted = new Set([0, own, (await lstat('/')).uid]);
  for await (const step of stepsTo(path)) {
    if (!trusted.has(step.found.uid)) return `${step.path} belongs to user ${step.found.uid}`;
    if (step.found.isDirectory() && isOpenToAll(step.found)) return `everybody may change what is in ${step.path}`;
  }
  return undefined;
}

/** Those of the names in a folder that are this user's: what others have put there is left alone. */
export async function ownNames(folder: string, names: readonly string[]): Promise<readonly string[]> {
  const own = process.getuid?.();
  if (own === undefined) return names;
  const found = await Promise.all(
    names.map(async (name) => {
      const owner = await lstat(join(folder, name)).then(
        ({ uid }) => uid,
        () => undefined,
      );
      return owner === own ? [name] : [];
    }),
  );
  return found.flat();
}

/** Everybody may write, and no sticky bit keeps them from replacing what is not theirs (inode(7)). */
function isOpenToAll({ mode }: Stats): boolean {
  return (mode & 0o002) !== 0 && (mode & 0o1000) === 0;
}

/** Each folder and each link that leads to a path, and what is there in the end. */
async function* stepsTo(path: string): AsyncGenerator<{ readonly path: string; readonly found: Stats }> {
  const rest = partsOf(resolve(path));
  let at: string = sep;
  let links = 0;
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    if (part === '..') {
      at = dirname(at);
      continue;
    }
    const next = join(at, part);
    const found = await lstat(next);
    yield { path: next, found };
    if (!found.isSymbolicLink()) {
      at = next;
      continue;
    }
    links += 1;
    if (links > linksMax) throw new Error(`${path} has too many links`);
    const target = await readlink(next);
    if (isAbsolute(target)) at = sep;
    rest.unshift(...partsOf(target));
  }
}

function partsOf(path: string): string[] {
  return path.split(sep).filter((part) => part !== '' && part !== '.');
}
