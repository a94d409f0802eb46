import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { untilAgreed } from '../../shared/server/until-agreed.ts';
import { type Peers, patientMs, peersOf } from './peers.ts';

/** What a node says of its cluster; nothing where it gives no answer. */
interface SeenCluster {
  readonly node: NodeHandle;
  readonly peers?: Peers | undefined;
}

/**
 * Those that see the cluster as most of all peers do: they follow one leader, and have done all that was agreed on. One that
 * was away, or is cut off, goes on saying what was so before, and that it has everything. Empty where there is no majority.
 */
export function majorityOf(seen: readonly SeenCluster[]): readonly NodeHandle[] {
  const answers = seen.flatMap(({ node, peers }) => (peers === undefined ? [] : [{ node, peers }]));
  const count = Math.max(...answers.map(({ peers }) => peers.peers.size));
  const current = answers.filter(({ peers }) => peers.leader !== undefined && peers.pending === 0);
  const groups = Map.groupBy(current, ({ peers }) => `${peers.leader} ${peers.commit}`);
  const agreeing = [...groups.values()].find((group) => group.length > count / 2) ?? [];
  return agreeing.map(({ node }) => node);
}

/** {@link majorityOf} the peers that run, as they answer now. */
export async function agreeingPeers({ nodes, secrets }: RunningEngine): Promise<readonly NodeHandle[]> {
  return majorityOf(
    await Promise.all(
      nodes.map(async (node) => ({ node, peers: await peersOf(node, secrets, patientMs).catch(() => undefined) })),
    ),
  );
}

/** A cluster with its {@link agreeingPeers} alone, once there are any. Throws `NODE_NOT_READY` where none come. */
export async function withAgreeingPeers(running: RunningEngine): Promise<RunningEngine> {
  if (running.topology !== 'clustered') return running;
  let nodes: readonly NodeHandle[] = [];
  await untilAgreed(
    'qdrant',
    async () => {
      nodes = await agreeingPeers(running);
      return nodes.length > 0;
    },
    (last) => `Most of its peers do not see the same cluster: ${last}.`,
  );
  return { ...running, nodes };
}
