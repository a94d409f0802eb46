import { deadlineMs } from '../../../sandbox/core/deadlines.ts';
import { messageOf } from '../../../sandbox/core/errors.ts';
import { poll } from '../../../sandbox/core/poll.ts';

/** Writes again and again until one write that began after `since` is acknowledged. Returns how long that took. */
export async function untilWritable(write: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await eventually('a write is acknowledged', async () => {
    await write();
    return true;
  });
  return performance.now() - beganMs;
}

/** Polls until it is so. */
export function eventually<Value>(what: string, attempt: () => Promise<Value | undefined | false>): Promise<Value> {
  return poll(attempt, {
    timeoutMs: deadlineMs('topologyConverged'),
    onTimeout: (last) => new Error(`it never came that ${what}: ${last === undefined ? '' : messageOf(last)}`),
  });
}
