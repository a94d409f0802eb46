import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { writePrivateFile } from '../../core/files/private-files.ts';
import { withProcessLock } from '../../core/files/process-lock.ts';
import { userDataFolder } from '../../core/files/user-folder.ts';

const fileName = 'archive-key.pem';

/**
 * The key that all stacks of this user share, in the user's data folder: a private key of mode 600 that is made when it
 * is asked for first. `undefined` where the user has no such folder. Throws `STATE_CORRUPT` where it cannot be read.
 */
export async function userKey(environment: NodeJS.ProcessEnv = process.env): Promise<KeyObject | undefined> {
  const folder = await userDataFolder(environment);
  if (folder === undefined) return undefined;
  const file = join(folder, fileName);
  return (await readKey(file)) ?? withProcessLock(`${file}.lock`, 'the key of archives', () => makeKey(file));
}

/** Unless another process has made it meanwhile. */
async function makeKey(file: string): Promise<KeyObject> {
  const there = await readKey(file);
  if (there !== undefined) return there;
  const { privateKey } = generateKeyPairSync('ed25519');
  await writePrivateFile(file, privateKey.export({ format: 'pem', type: 'pkcs8' }));
  return privateKey;
}

async function readKey(file: string): Promise<KeyObject | undefined> {
  try {
    const key = createPrivateKey(await readFile(file, 'utf8'));
    if (key.asymmetricKeyType !== 'ed25519') throw new Error('it is no key of Ed25519');
    return key;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new SandboxError({
      code: 'STATE_CORRUPT',
      message: `${file}, which signs your archives, cannot be read: ${messageOf(thrown)}.`,
      next: 'Put it back, or remove it: archives that it has signed are foreign then, and need --trust-archive.',
      cause: thrown,
    });
  }
}
