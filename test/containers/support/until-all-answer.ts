import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { openClient } from '../../../sandbox/engines/redis/server/connection.ts';
import { eventually } from '../../topologies/support/write-through.ts';

/**
 * Waits until every node of a running Redis answers: a server that is stopped before it has begun does not hear it, and is
 * killed at the end of its deadline.
 */
export async function untilAllAnswer({ nodes, secrets }: Pick<RunningEngine, 'nodes' | 'secrets'>): Promise<void> {
  for (const node of nodes) {
    await eventually(`${node.name} answers`, async () => {
      await using client = await openClient(node, secrets);
      return (await client.ping()) === 'PONG';
    });
  }
}
