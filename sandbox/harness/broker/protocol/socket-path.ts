import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { SandboxError } from '../../../core/errors.ts';
import { userFolder } from '../../../core/files/user-folder.ts';
import { type StackIdentity, shortHash } from '../../../stack/state/stack-identity.ts';
import { ensureStateDirectory } from '../../../stack/state/state-directory.ts';

/** Longest path of a unix socket in bytes, its closing zero left out (unix(7), and `sys/un.h` of macOS). */
const pathBytesMax = process.platform === 'darwin' ? 103 : 107;

/**
 * Where the broker of a stack listens: in the project's `.sandbox/`, or in the user's folder where that cannot be written
 * to, as in a checkout that is mounted read-only, or its path is too long for a socket. Both are their owner's alone.
 * Throws `BROKER_FAILED` where neither will do, and `STATE_CORRUPT` for a `.sandbox/` of somebody else.
 */
export async function socketPath({ directory, name }: StackIdentity): Promise<string> {
  const folder = await writableStateDirectory(directory);
  const near = folder === undefined ? undefined : join(folder, `${name}.broker`);
  if (near !== undefined && Buffer.byteLength(near) <= pathBytesMax) return near;
  // Two projects may have given their stacks one name.
  const far = join(await userFolder(), `${name}-${shortHash(directory)}.broker`);
  if (Buffer.byteLength(far) <= pathBytesMax) return far;
  throw new SandboxError({
    code: 'BROKER_FAILED',
    message: `${far} is too long for the path of a socket, which has ${pathBytesMax} bytes at most.`,
    next: 'Set XDG_RUNTIME_DIR to a folder with a shorter path.',
  });
}

async function writableStateDirectory(directory: string): Promise<string | undefined> {
  try {
    const folder = await ensureStateDirectory(directory);
    await access(folder, constants.W_OK | constants.X_OK);
    return folder;
  } catch (thrown) {
    if (thrown instanceof SandboxError) throw thrown;
    return undefined;
  }
}
