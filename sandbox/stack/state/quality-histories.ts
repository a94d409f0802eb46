import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removePartials } from '../../core/files/private-files.ts';

/** Name of the file, in a stack's folder, of what runs of quality checks have found. `key` tells sets of contracts apart. */
export function qualityHistoryName(stackName: string, key: string): string {
  return `${stackName}.quality${key === '' ? '' : `-${key}`}.ndjson`;
}

/** Paths of all such files of a stack in a folder, which need not be there. */
export async function qualityHistories(folder: string, stackName: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => name.startsWith(`${stackName}.quality`) && name.endsWith('.ndjson'))
    .map((name) => join(folder, name));
}

/** Removes them. */
export async function forgetQuality(folder: string, stackName: string): Promise<void> {
  for (const file of await qualityHistories(folder, stackName)) {
    await Promise.all([rm(file, { force: true }), removePartials(file)]);
  }
}
