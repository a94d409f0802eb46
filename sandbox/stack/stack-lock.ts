import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { withProcessLock } from '../core/process-lock.ts';
import { stateDirectory } from './stack-state.ts';

/** Runs `work` while no other command changes this stack. Throws `STACK_BUSY`. */
export async function withStackLock<Value>(
  directory: string,
  name: string,
  work: () => Promise<Value>,
  signal?: AbortSignal,
): Promise<Value> {
  const folder = stateDirectory(directory);
  await mkdir(folder, { recursive: true });
  return withProcessLock(join(folder, `${name}.lock`), `the stack ${name}`, work, { signal });
}
