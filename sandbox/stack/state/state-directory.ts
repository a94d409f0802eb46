import { chmod, lstat, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SandboxError } from '../../core/errors.ts';
import { makeFolder } from '../../core/files/make-folder.ts';
import { privateMode } from '../../core/files/private-files.ts';

/** Folder in which a project's stack keeps its state. */
export function stateDirectory(directory: string): string {
  return join(directory, '.sandbox');
}

/**
 * Makes that folder, for its owner alone, and has git leave it out of the project. Throws `STATE_CORRUPT` where it belongs to somebody who neither runs this
 * nor owns the project: what they put there would be read and written as ours.
 */
export async function ensureStateDirectory(directory: string): Promise<string> {
  const folder = stateDirectory(directory);
  await makeFolder(folder);
  const [found, behind, project] = await Promise.all([lstat(folder), stat(folder), stat(directory)]);
  const own = process.getuid?.();
  if (own === undefined) return folder;
  const trusted = [0, own, project.uid];
  if (![found, behind].every(({ uid }) => trusted.includes(uid))) throw foreign(folder, behind.uid);
  if (found.isDirectory() && found.uid === own) {
    if ((found.mode & 0o077) !== 0) await chmod(folder, 0o700);
    await leaveOutOfGit(folder);
  }
  return folder;
}

/** Reports are no part of the project that they are of. One that is there stays as it is, and through a link nothing is written. */
async function leaveOutOfGit(folder: string): Promise<void> {
  // A folder that cannot be written to is told of by who writes what it is for.
  await writeFile(join(folder, '.gitignore'), '*\n', { flag: 'wx', mode: privateMode }).catch(() => {});
}

function foreign(folder: string, owner: number): SandboxError {
  return new SandboxError({
    code: 'STATE_CORRUPT',
    message: `${folder} belongs to user ${owner}, not to you: it could hold passwords that others know.`,
    next: 'Remove it, or name another project folder in SANDBOX_DIRECTORY.',
  });
}
