import { deadlineMs } from '../../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../../core/errors.ts';
import { poll } from '../../../core/poll.ts';

/** Asks the members of a topology until it is so. Throws `NODE_NOT_READY` after the deadline `topologyConverged`. */
export function until(
  what: string,
  attempt: () => Promise<boolean>,
  timeoutMs: number = deadlineMs('topologyConverged'),
): Promise<boolean> {
  return poll(attempt, {
    timeoutMs,
    onTimeout: (last) =>
      new SandboxError({
        code: 'NODE_NOT_READY',
        engine: 'redis',
        message: `Timed out waiting for the members of the topology to agree: ${what} (${messageOf(last)}).`,
        next: '`npm run sandbox -- logs redis` shows what they say.',
      }),
  });
}
