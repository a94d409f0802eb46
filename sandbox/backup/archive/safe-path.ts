import { isSafePath } from '../../core/files/safe-path.ts';
import { archiveRefused } from './refusal.ts';

/** Longest name of a file on every system, in bytes. */
const segmentBytesMax = 255;

/** Longest path below the folder that an archive is unpacked into, in bytes: the folder has some hundred of its own. */
const pathBytesMax = 1_000;

/**
 * Throws `BACKUP_PATH_UNSAFE` unless the path stays below the folder that it is relative to and can be made there, on
 * every system.
 */
export function requireSafePath(path: string): void {
  if (!isSafePath(path)) throw unsafe(path, 'may lead out of it');
  const segments = path.split('/');
  const isLong = segments.some((segment) => Buffer.byteLength(segment) > segmentBytesMax);
  if (isLong || Buffer.byteLength(path) > pathBytesMax) throw unsafe(path, 'is too long for a file');
}

/**
 * {@link requireSafePath} for all paths of one folder. No two of them may be one file, also where upper and lower case
 * are the same, and none may be a folder of another.
 */
export function requireSafePaths(paths: readonly string[]): void {
  for (const path of paths) requireSafePath(path);
  const files = new Map<string, string>();
  for (const path of paths) {
    const other = files.get(foldOf(path));
    if (other !== undefined) throw unsafe(path, `is the same file as ${JSON.stringify(other)} elsewhere`);
    files.set(foldOf(path), path);
  }
  for (const path of paths) {
    const segments = foldOf(path).split('/');
    const folder = segments.map((_, count) => segments.slice(0, count).join('/')).find((each) => files.has(each));
    if (folder !== undefined) throw unsafe(path, `is below ${JSON.stringify(files.get(folder))}, which is a file`);
  }
}

/** File systems that do not tell upper from lower case do not tell composed from decomposed letters either. */
function foldOf(path: string): string {
  return path.normalize('NFC').toLowerCase();
}

function unsafe(path: string, reason: string) {
  const shown = path.length > 100 ? `${path.slice(0, 100)}...` : path;
  return archiveRefused('BACKUP_PATH_UNSAFE', `it names ${JSON.stringify(shown)}, which ${reason}`);
}
