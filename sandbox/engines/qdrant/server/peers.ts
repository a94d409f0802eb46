import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import type { NodeRole, RunningEngine, Secrets } from '../../contract/topology.ts';

/** What one peer sees of its cluster. */
export interface Peers {
  readonly id: number;
  /** Addresses of all, itself included, by their ids. */
  readonly peers: ReadonlyMap<number, string>;
  readonly leader: number | undefined;
  /** Number of the last change of the cluster that it knows to be agreed on. */
  readonly commit: number | undefined;
  /** How many of these it has not made yet. */
  readonly pending: number;
}

interface ClusterAnswer {
  readonly result: {
    readonly peer_id?: number;
    readonly peers?: Readonly<Record<string, { readonly uri: string }>>;
    readonly raft_info?: {
      readonly leader?: number | null;
      readonly commit?: number;
      readonly pending_operations?: number;
    };
  };
}

/** For a peer that work depends on, in milliseconds: a busy one answers later than one that is only looked for. */
export const patientMs = 10_000;

/** Asks `GET /cluster` (Qdrant documentation, REST API, "Get cluster status info"). Gives up after 1.5 s by default. */
export async function peersOf(node: NodeHandle, secrets: Secrets, timeoutMs = 1_500): Promise<Peers> {
  const { result } = (await askPeer(node, secrets, '/cluster', { timeoutMs })) as ClusterAnswer;
  return {
    // A peer draws its id below 2^53 (Qdrant 1.18, `consensus/persistent.rs`).
    id: result.peer_id ?? 0,
    peers: new Map(Object.entries(result.peers ?? {}).map(([id, { uri }]) => [Number(id), uri])),
    // 0 while it knows of none (raft-rs, `INVALID_ID`).
    leader: result.raft_info?.leader || undefined,
    commit: result.raft_info?.commit,
    pending: result.raft_info?.pending_operations ?? 0,
  };
}

/** One request to one peer. Throws with its words where it answers that it cannot. */
export async function askPeer(
  node: NodeHandle,
  secrets: Secrets,
  path: string,
  { method = 'GET', body, timeoutMs = 1_500 }: PeerRequest = {},
): Promise<unknown> {
  const response = await fetch(`http://${node.host}:${node.port}${path}`, {
    method,
    headers: { 'api-key': secrets.apiKey ?? '', connection: 'close', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.ok) return response.json();
  throw new Error(`${method} ${path} answered ${response.status}: ${(await response.text()).slice(0, 300)}`);
}

interface PeerRequest {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: unknown;
  /** Default: 1,500. */
  readonly timeoutMs?: number;
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
