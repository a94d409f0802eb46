import { withProcessLock } from '../../core/files/process-lock.ts';
import { stackLockFile } from './stack-folder.ts';

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
