import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf, SandboxError } from '../errors.ts';
import { makeFolder } from './make-folder.ts';
import { replaceFile } from './replace-file.ts';

/** Files that may hold data of a user are their owner's alone, whatever the umask says. */
export const privateMode = 0o600;

/** A file that is being written. It has its name once it is kept; disposing of it before leaves nothing. */
export interface PrivateFile extends AsyncDisposable {
  /** Throws `NO_DISK_SPACE` where the disk has no room for it. */
  readonly write: (content: string | Uint8Array | Iterable<string>) => Promise<void>;
  /** Puts it in its place, whole. */
  readonly keep: () => Promise<void>;
}

/**
 * Begins a file of mode 600 that takes its place at once, over a file that is there but through no link: whoever put
 * one there would choose what is overwritten. Its folder is made, for its owner alone, if need be.
 * Throws `BAD_OPTION` where something else than a file is in its place, or nothing can be written there.
 */
export async function createPrivateFile(path: string): Promise<PrivateFile> {
  await requireReplaceable(path);
  await orNotWritable(path, () => makeFolder(dirname(path)));
  const partial = join(dirname(path), `${partialPrefix(path)}${randomBytes(6).toString('hex')}`);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const handle = await orNotWritable(path, () => open(partial, flags, privateMode));
  let kept = false;
  return {
    write: (content) => orNotWritable(path, () => handle.writeFile(content)),
    async keep() {
      await orNotWritable(path, () => handle.close());
      await requireReplaceable(path);
      await orNotWritable(path, () => replaceFile(partial, path));
      kept = true;
    },
    async [Symbol.asyncDispose]() {
      if (kept) return;
      await handle.close().catch(() => {});
      await rm(partial, { force: true });
    },
  };
}

/** {@link createPrivateFile} for a content that is there. */
export async function writePrivateFile(path: string, content: string | Uint8Array | Iterable<string>): Promise<void> {
  await using file = await createPrivateFile(path);
  await file.write(content);
  await file.keep();
}

/**
 * A private file that need not outlast a loss of power, as of a lock: no disk is waited for. Whatever stands there is replaced, a
 * link too. Throws what the system says.
 */
export async function writeShortLivedFile(path: string, content: string): Promise<void> {
  await rm(path, { force: true });
  await writeFile(path, content, { mode: privateMode, flag: 'wx' });
}

/** What of a file a process left that was killed while it wrote it: nobody else looks for it, and passwords may be in it. */
export async function removePartials(path: string): Promise<void> {
  const prefix = partialPrefix(path);
  const names = await readdir(dirname(path)).catch(() => []);
  const partials = names.filter((name) => name.startsWith(prefix) && /^[0-9a-f]{12}$/.test(name.slice(prefix.length)));
  await Promise.all(partials.map((name) => rm(join(dirname(path), name), { force: true })));
}

function partialPrefix(path: string): string {
  return `.${basename(path).slice(0, 100)}.`;
}

/** Refuses a place where {@link writePrivateFile} could not write, before the work whose result is to go there. */
export async function requireWritable(path: string): Promise<void> {
  await using _ = await createPrivateFile(path);
}

/** As on a disk that is read-only or full, or in a folder of somebody else. */
async function orNotWritable<Value>(path: string, act: () => Promise<Value>): Promise<Value> {
  try {
    return await act();
  } catch (thrown) {
    throw writeError(path, thrown);
  }
}

async function requireReplaceable(path: string): Promise<void> {
  const found = await lstat(path).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return undefined;
    throw notWritable(path, messageOf(thrown));
  });
  if (found === undefined || found.isFile()) return;
  const kind = found.isSymbolicLink() ? 'a link' : found.isDirectory() ? 'a folder' : 'no regular file';
  throw notWritable(path, `it is ${kind}`);
}

function notWritable(path: string, reason: string): SandboxError {
  return new SandboxError({
    code: 'BAD_OPTION',
    message: `${path} cannot be written: ${reason}.`,
    next: 'Name another file, or remove what is there.',
  });
}

/** What the system says of a file that cannot be written, with what to do: `NO_DISK_SPACE` or `BAD_OPTION`. */
export function writeError(path: string, thrown: unknown): SandboxError {
  const { code = '' } = thrown as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return notWritable(path, messageOf(thrown));
  return new SandboxError({
    code: 'NO_DISK_SPACE',
    message: `The disk has no room for ${path}: ${messageOf(thrown)}.`,
    next: 'Make room there, or name another file, and run it again.',
    cause: thrown,
  });
}
