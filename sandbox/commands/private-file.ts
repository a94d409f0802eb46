import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { execa } from 'execa';
import { messageOf } from '../core/errors.ts';
import { badOption } from './names.ts';

/**
 * Writes a file that only its owner can read, whole or not at all. One that is there is replaced; a link is replaced too,
 * not followed. Throws `BAD_OPTION` where it cannot be written.
 */
export async function writePrivateFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}.new`;
  try {
    const file = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      await file.writeFile(content);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw badOption(`${path} cannot be written: ${messageOf(thrown)}.`, 'Name a file in a folder that is there.');
  }
}

/** Whether git leaves a file out; `undefined` where it is in no checkout, or there is no git. */
export async function isIgnoredByGit(path: string): Promise<boolean | undefined> {
  const asked = await execa('git', ['check-ignore', '--quiet', path], { cwd: dirname(path), reject: false });
  // 0: it is ignored, 1: it is not, 128: no checkout (git's documentation of `git check-ignore`).
  return asked.exitCode === 0 ? true : asked.exitCode === 1 ? false : undefined;
}
