import { deadlineMs } from '../../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../../core/errors.ts';
import { poll } from '../../../core/poll.ts';

/**
 * Asks the nodes of an engine until they agree: `attempt` returns something other than `undefined` or `false`, and that is
 * returned. `message` says what did not come about, given what the last try has said. Throws `NODE_NOT_READY` after
 * `timeoutMs`, by default the deadline `topologyConverged`.
 */
export function untilAgreed<Value>(
  engine: string,
  attempt: () => Promise<Value | undefined | false>,
  message: (last: string) => string,
  timeoutMs: number = deadlineMs('topologyConverged'),
): Promise<Value> {
  return poll(attempt, {
    timeoutMs,
    onTimeout: (last) =>
      new SandboxError({
        code: 'NODE_NOT_READY',
        engine,
        message: message(messageOf(last)),
        next: `\`npm run sandbox -- logs ${engine}\` shows what its nodes say.`,
      }),
  });
}
