import { access, constants, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Folders in which the shell looks for programs, in their order. */
export function programFolders({ PATH = '' }: NodeJS.ProcessEnv): readonly string[] {
  return PATH.split(delimiter).filter((folder) => folder !== '');
}

/** Path of a program in the first of these folders that has it. */
export async function programIn(folders: readonly string[], name: string): Promise<string | undefined> {
  for (const folder of folders) {
    const path = join(folder, name);
    if (await isProgram(path)) return path;
  }
  return undefined;
}

/** Whether it is a file that this user may execute. */
export async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
