import { dirname } from 'node:path';
import { execa } from 'execa';

/** Whether git leaves a file out; `undefined` where it is in no checkout, or there is no git. */
export async function isIgnoredByGit(path: string): Promise<boolean | undefined> {
  const asked = await execa('git', ['check-ignore', '--quiet', path], { cwd: dirname(path), reject: false });
  // 0: it is ignored, 1: it is not, 128: no checkout (git's documentation of `git check-ignore`).
  return asked.exitCode === 0 ? true : asked.exitCode === 1 ? false : undefined;
}
