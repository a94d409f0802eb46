import type { NodeHandle } from '../../containers/node-spec.ts';
import type { NodeRole, RunningEngine, Secrets } from '../topology.ts';

/** What one peer sees of its cluster. */
interface Peers {
  readonly id: number;
  /** How many there are, itself included. */
  readonly peers: number;
  readonly leader: number | undefined;
}

interface ClusterAnswer {
  readonly result: {
    readonly peer_id?: number;
    readonly peers?: Readonly<Record<string, unknown>>;
    readonly raft_info?: { readonly leader?: number | null };
  };
}

/** Asks `GET /cluster` (Qdrant documentation, REST API, "Get cluster status info"). Gives up after 1.5 s. */
export async function peersOf(node: NodeHandle, secrets: Secrets): Promise<Peers> {
  const response = await fetch(`http://${node.host}:${node.port}/cluster`, {
    headers: { 'api-key': secrets.apiKey ?? '', connection: 'close' },
    signal: AbortSignal.timeout(1_500),
  });
  if (!response.ok) throw new Error(`/cluster answered ${response.status}`);
  const { result } = (await response.json()) as ClusterAnswer;
  return {
    id: result.peer_id ?? 0,
    peers: Object.keys(result.peers ?? {}).length,
    leader: result.raft_info?.leader ?? undefined,
  };
}

/** Who leads the agreement on the cluster's shape. Every peer takes reads and writes. */
export async function roles(running: RunningEngine): Promise<readonly NodeRole[]> {
  if (running.topology === 'standalone') return running.nodes.map(({ name, role }) => ({ node: name, role }));
  const seen = await Promise.all(
    running.nodes.map(async (node) => ({
      node: node.name,
      peers: await peersOf(node, running.secrets).catch(() => undefined),
    })),
  );
  const nameOf = (id: number | undefined) => seen.find(({ peers }) => peers?.id === id)?.node;
  return seen.map(({ node, peers }) => {
    if (peers === undefined) return { node, role: 'down' };
    const isLeader = peers.id === peers.leader;
    return { node, role: isLeader ? 'leader' : 'follower', follows: isLeader ? undefined : nameOf(peers.leader) };
  });
}
