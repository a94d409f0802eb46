import { deadHolder, withProcessLock } from '../../core/files/process-lock.ts';
import { findStackLockFile, stackLockFile } from './stack-folder.ts';

/** Runs `work` while no other command changes this stack. Throws `STACK_BUSY`. */
export async function withStackLock<Value>(
  directory: string,
  name: string,
  work: () => Promise<Value>,
  signal?: AbortSignal,
): Promise<Value> {
  const file = await stackLockFile(directory, name, 'lock');
  return withProcessLock(file, `the stack ${name} of ${directory}`, work, { signal });
}

/** The process that was killed while it changed this stack, where nobody has gone on since. */
export async function killedChanger(directory: string, name: string): Promise<number | undefined> {
  const file = findStackLockFile(directory, name, 'lock');
  return file === undefined ? undefined : deadHolder(file);
}
