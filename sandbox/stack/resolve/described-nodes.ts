import type { NodeSpec } from '../../containers/nodes/node-spec.ts';
import type { Topology, TopologyContext } from '../../engines/contract/topology.ts';

const nowhere: TopologyContext = {
  secrets: {},
  image: { reference: '', digest: '', origin: 'official' },
  hostPort: () => 0,
  address: () => '',
};

/** The nodes of a topology as it describes them before they have a place: their names, their volumes. */
export function describedNodes(topology: Topology, known: Partial<TopologyContext> = {}): readonly NodeSpec[] {
  return topology.nodes({ ...nowhere, ...known });
}

/** Names of all containers of a topology, its watcher too. */
export function nodeNamesOf(topology: Topology): readonly string[] {
  const watcher = topology.watcher?.(nowhere);
  return [...describedNodes(topology), ...(watcher === undefined ? [] : [watcher])].map(({ name }) => name);
}
