import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Writes files of a project; `undefined` removes one. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string | undefined>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    if (text === undefined) await rm(join(folder, name));
    else await writeFile(join(folder, name), text);
  }
}
