import { existsSync } from 'node:fs';
import { chmod, lstat, mkdtemp } from 'node:fs/promises';
import { homedir, tmpdir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { makeFolder } from './make-folder.ts';
import { foreignInfluence } from './ownership.ts';

/**
 * A folder of this user alone, mode 700, for what its processes agree on, for example locks. The first that can be had
 * of: the runtime folder, the state folder of the user's home (XDG Base Directory Specification), one in the folder
 * for temporary files. Whatever others have put in its place is passed by; where nothing is left, a folder that no
 * other process knows is made.
 */
export async function userFolder(environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  for (const path of candidates(environment)) {
    if (await ensureOwnFolder(path)) return path;
  }
  return mkdtemp(join(tmpdir(), 'taishang-sandbox-'));
}

/**
 * Folders for what a user keeps, the preferred first (XDG Base Directory Specification): that of `XDG_DATA_HOME`, that of
 * the home, and that of the account's home, which `HOME` may hide. None of them need be there.
 */
export function dataFolders({ XDG_DATA_HOME }: NodeJS.ProcessEnv = process.env): readonly string[] {
  const homes = [homedir(), homeOfAccount()].map((home) => home && join(home, '.local/share'));
  // The specification has relative paths ignored.
  const parents = [XDG_DATA_HOME, ...homes].filter((path) => path !== undefined && isAbsolute(path));
  return [...new Set(parents.map((parent) => join(parent as string, 'taishang-sandbox')))];
}

/**
 * A folder of this user alone, mode 700, for what must outlive a log-out, for example keys: the first of
 * {@link dataFolders} that can be had. `undefined` where there is none.
 */
export async function userDataFolder(environment: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  for (const path of dataFolders(environment)) if (await ensureOwnFolder(path)) return path;
  return undefined;
}

function candidates({ XDG_RUNTIME_DIR, XDG_STATE_HOME }: NodeJS.ProcessEnv): readonly string[] {
  const user = process.getuid?.() ?? 0;
  // The system makes a runtime folder, or there is none.
  const runtimes = [XDG_RUNTIME_DIR, `/run/user/${user}`].filter((path) => path && existsSync(path));
  const states = [homedir(), homeOfAccount()].map((home) => home && join(home, '.local/state'));
  const parents = [...runtimes, XDG_STATE_HOME, ...states].filter((path) => path !== undefined && path !== '');
  return [
    ...parents.map((parent) => join(parent as string, 'taishang-sandbox')),
    join(tmpdir(), `taishang-sandbox-${user}`),
  ];
}

/** `HOME` may name another folder than the account has. */
function homeOfAccount(): string | undefined {
  try {
    return userInfo().homedir;
  } catch {
    return undefined;
  }
}

/** Makes a folder, mode 700. Whether it is there now, this user's, and nobody else's to change. */
export async function ensureOwnFolder(path: string): Promise<boolean> {
  try {
    await makeFolder(path);
    return await isOwnFolder(path);
  } catch {
    return false;
  }
}

async function isOwnFolder(path: string): Promise<boolean> {
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== (process.getuid?.() ?? found.uid)) return false;
  if ((await foreignInfluence(path)) !== undefined) return false;
  if ((found.mode & 0o077) !== 0) await chmod(path, 0o700);
  return true;
}
