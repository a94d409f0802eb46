import type { NodeSpec } from '../../../containers/nodes/node-spec.ts';
import type { Topology } from '../../contract/topology.ts';
import { memberOf, watcherOf } from '../failover/failover-nodes.ts';
import { serverNode } from './topologies.ts';

const memberNames = ['neo4j', 'neo4j-standby'] as const;

/**
 * A primary and a standby that only reads. Community does not replicate: the standby holds what the last dump of the
 * primary held, and gets another one when it is told to.
 */
export const replicated: Topology = {
  name: 'replicated',
  nodes: ({ secrets, failover }) => {
    const nodes = (['primary', 'standby'] as const).map((role) => member(role, secrets.neo4j ?? ''));
    return failover === true ? nodes.map(memberOf) : nodes;
  },
  watcher: (context) => watcherOf(memberNames, context),
};

/** Roles change later: what a node was last made is kept with its data, and `start-node.sh` reads it. */
function member(role: 'primary' | 'standby', password: string): NodeSpec {
  const base = serverNode(role === 'primary' ? 'neo4j' : 'neo4j-standby', role, password);
  return { ...base, environment: { ...base.environment, TAISHANG_FIRST_ROLE: role } };
}
