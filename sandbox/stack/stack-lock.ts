import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { deadlineMs } from '../core/deadlines.ts';
import { SandboxError } from '../core/errors.ts';
import { poll } from '../core/poll.ts';
import { stateDirectory } from './stack-state.ts';

/** A lock whose owner was killed is given back after this long; the owner renews it three times as often. */
const staleMs = 3_000;

/**
 * Runs `work` while no other command changes this stack.
 * Throws `STACK_BUSY` if another one holds the lock beyond the deadline `stackLock`.
 */
export async function withStackLock<Value>(
  directory: string,
  name: string,
  work: () => Promise<Value>,
  signal?: AbortSignal,
): Promise<Value> {
  const folder = stateDirectory(directory);
  await mkdir(folder, { recursive: true });
  const release = await poll(
    () => lock(folder, { lockfilePath: join(folder, `${name}.lock`), stale: staleMs, onCompromised: () => {} }),
    {
      timeoutMs: deadlineMs('stackLock'),
      signal,
      onTimeout: () =>
        new SandboxError({
          code: 'STACK_BUSY',
          message: `Another command has been changing the stack ${name} for ${deadlineMs('stackLock') / 1000} s.`,
          next: 'Wait for it or end it; its lock falls by itself a few seconds after it ended.',
        }),
    },
  );
  try {
    return await work();
  } finally {
    await release().catch(() => {});
  }
}
