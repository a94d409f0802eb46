import { whileNodeIsStopped } from '../../../containers/nodes/stopped-for-work.ts';
import { execInNode } from '../../../containers/runtime/exec.ts';
import { SandboxError } from '../../../core/errors.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { untilAnswering } from '../../shared/server/until-answering.ts';
import { probe } from './connection.ts';

/**
 * Runs `work` while the node is stopped, and starts the node again whatever happens. Where this process itself is
 * killed in between, the next command does.
 */
export async function whileStopped(running: RunningEngine, work: () => Promise<void>): Promise<void> {
  const node = firstNode(running);
  // The watcher would take this for its loss; its next start removes it.
  if (running.watcher !== undefined) await execInNode(node, ['touch', '/data/held'], { user: 'root' });
  await whileNodeIsStopped(node, work);
  await untilAnswering(
    node,
    () => probe(node, running.secrets),
    (reason) =>
      new SandboxError({
        code: 'NODE_NOT_READY',
        engine: 'neo4j',
        message: `Neo4j does not answer after it was started again: ${reason}`,
        next: '`npm run sandbox -- logs neo4j` shows what it says.',
      }),
  );
}
