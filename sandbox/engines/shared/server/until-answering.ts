import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { isRunning } from '../../../containers/nodes/nodes.ts';
import { deadlineMs } from '../../../core/deadlines.ts';
import { messageOf, type SandboxError } from '../../../core/errors.ts';
import { fatal, poll } from '../../../core/poll.ts';

/**
 * Asks a node that was started again until it answers. Ends at once where its container has ended: nothing starts it.
 * Throws what `error` makes of the reason.
 */
export async function untilAnswering(
  node: NodeHandle,
  ask: () => Promise<unknown>,
  error: (reason: string) => SandboxError,
): Promise<void> {
  await poll(
    async () => {
      try {
        await ask();
        return true;
      } catch (thrown) {
        if (await isRunning(node)) throw thrown;
        throw fatal(error(`${node.name} has ended`));
      }
    },
    { timeoutMs: deadlineMs('nodeReady'), onTimeout: (last) => error(messageOf(last)) },
  );
}
