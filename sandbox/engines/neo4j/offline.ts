import { startNodeAgain, stopNode } from '../../containers/nodes.ts';
import { deadlineMs } from '../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { poll } from '../../core/poll.ts';
import type { RunningEngine } from '../engine.ts';
import { firstNode, probe } from './connection.ts';

/**
 * Runs `work` while the node is stopped, and starts the node again whatever happens. Where this process itself is
 * killed in between, the next `up` starts it.
 */
export async function whileStopped(running: RunningEngine, work: () => Promise<void>): Promise<void> {
  const node = firstNode(running);
  await stopNode(node);
  try {
    await work();
  } finally {
    await startNodeAgain(node);
  }
  await poll(() => probe(node, running.secrets), {
    timeoutMs: deadlineMs('nodeReady'),
    onTimeout: (last) =>
      new SandboxError({
        code: 'NODE_NOT_READY',
        engine: 'neo4j',
        message: `Neo4j does not answer after it was started again: ${messageOf(last)}`,
        next: '`npm run sandbox -- logs neo4j` shows what it says.',
      }),
  });
}
