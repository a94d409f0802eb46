import { join } from 'node:path';
import { withProcessLock } from '../core/process-lock.ts';
import { ensureStateDirectory } from './state-directory.ts';

/** Runs `work` while no other command changes this stack. Throws `STACK_BUSY`. */
export async function withStackLock<Value>(
  directory: string,
  name: string,
  work: () => Promise<Value>,
  signal?: AbortSignal,
): Promise<Value> {
  const folder = await ensureStateDirectory(directory);
  return withProcessLock(join(folder, `${name}.lock`), `the stack ${name}`, work, { signal });
}
