import { deadlineMs } from '../../../sandbox/core/deadlines.ts';
import { messageOf } from '../../../sandbox/core/errors.ts';
import { poll } from '../../../sandbox/core/poll.ts';

/** Writes again and again until one write is acknowledged. */
export async function untilWritable(write: () => Promise<unknown>): Promise<void> {
  await eventually('a write is acknowledged', async () => {
    await write();
    return true;
  });
}

/** Polls until it is so. */
export function eventually<Value>(what: string, attempt: () => Promise<Value | undefined | false>): Promise<Value> {
  return poll(attempt, {
    timeoutMs: deadlineMs('topologyConverged'),
    onTimeout: (last) => new Error(`it never came that ${what}: ${last === undefined ? '' : messageOf(last)}`),
  });
}
