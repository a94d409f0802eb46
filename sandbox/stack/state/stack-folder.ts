import { existsSync } from 'node:fs';
import { lstat, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { dataFolders, ensureOwnFolder } from '../../core/files/user-folder.ts';
import { ensureStateDirectory, stateDirectory } from './state-directory.ts';

/**
 * Folder of what a stack must not lose: passwords, state, backups. It lies where a clean-up of the project, such as
 * `git clean -fdx`, does not come: `taishang-sandbox/stacks/<name>` in the user's data folder, mode 700. Where the user has
 * none that can be used, it is the project's `.sandbox`, as in version 0.1. The folder itself need not be there.
 */
export async function stackFolder(directory: string, name: string): Promise<string> {
  return (await findStackFolder(name)) ?? folderIn(await usableRoot(), name) ?? stateDirectory(directory);
}

/** {@link stackFolder}, made if need be. Throws `STATE_CORRUPT` where somebody else has put theirs in its place. */
export async function ensureStackFolder(directory: string, name: string): Promise<string> {
  const folder = await stackFolder(directory, name);
  if (folder === stateDirectory(directory)) return ensureStateDirectory(directory);
  return (await ensureOwnFolder(folder)) ? folder : ensureStateDirectory(directory);
}

/** The folder of a stack in the user's data folders, if it is there. Makes nothing. */
export async function findStackFolder(name: string): Promise<string | undefined> {
  for (const root of dataFolders()) {
    const folder = join(root, 'stacks', name);
    if ((await lstat(folder).catch(() => undefined))?.isDirectory() && (await ensureOwnFolder(folder))) return folder;
  }
  return undefined;
}

/** Path of a lock of a stack: beside its folder, which a lock alone does not make. */
export async function stackLockFile(directory: string, name: string, extension: string): Promise<string> {
  const root = await usableRoot();
  const locks = root === undefined ? undefined : join(root, 'locks');
  const usable = locks !== undefined && (await ensureOwnFolder(locks));
  return join(usable ? locks : await ensureStateDirectory(directory), `${name}.${extension}`);
}

/**
 * {@link stackLockFile} as far as others have made its folder; makes nothing. What lies in one that comes after it is of a time
 * when the user's folders were others.
 */
export function findStackLockFile(directory: string, name: string, extension: string): string | undefined {
  const folders = [...dataFolders().map((root) => join(root, 'locks')), stateDirectory(directory)];
  const folder = folders.find((each) => existsSync(each));
  return folder === undefined ? undefined : join(folder, `${name}.${extension}`);
}

/** Removes the folder of a stack if nothing is in it but empty folders: backups stay. */
export async function removeEmptyStackFolder(name: string): Promise<void> {
  const folder = await findStackFolder(name);
  if (folder === undefined) return;
  for (const path of [...['staging', 'outgoing', 'backups'].map((part) => join(folder, part)), folder]) {
    await rmdir(path).catch(() => {});
  }
}

/** Removes the folder of a stack with everything in it, backups too: that of a stack whose project goes. */
export async function removeStackFolder(name: string): Promise<void> {
  const folder = await findStackFolder(name);
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}

/** Names of the stacks that are kept in the user's data folders. */
export async function keptStacks(): Promise<readonly string[]> {
  const folders = dataFolders().map((root) => readdir(join(root, 'stacks')).catch(() => []));
  return [...new Set((await Promise.all(folders)).flat())];
}

async function usableRoot(): Promise<string | undefined> {
  for (const root of dataFolders()) if (await ensureOwnFolder(root)) return root;
  return undefined;
}

function folderIn(root: string | undefined, name: string): string | undefined {
  return root === undefined ? undefined : join(root, 'stacks', name);
}
