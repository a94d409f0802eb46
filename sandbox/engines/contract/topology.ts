import type { ImageOrigin, ResolvedImage } from '../../containers/images/image-spec.ts';
import type { NodeHandle, NodeSpec } from '../../containers/nodes/node-spec.ts';

/** How the nodes of an engine are laid out. */
export const topologyNames = ['standalone', 'replicated', 'clustered'] as const;

export type TopologyName = (typeof topologyNames)[number];

/** Generated passwords of one engine of one stack, by the names in `Engine.secretNames`. */
export type Secrets = Readonly<Record<string, string>>;

/** What a topology may know when it describes its nodes. */
export interface TopologyContext {
  readonly secrets: Secrets;
  readonly image: ResolvedImage;
  /** Host port that a node's port will be published on: chosen before anything starts. */
  readonly hostPort: (nodeName: string, containerPort: number) => number;
  /** Fixed address of a node on the stack's network. Empty in `standalone`, whose node has none. */
  readonly address: (nodeName: string) => string;
  /** Whether a watcher promotes one of the nodes where the primary is lost. Absent: nobody does. */
  readonly failover?: boolean;
}

export interface Topology {
  readonly name: TopologyName;
  /** Reason not to run it on an image of this origin, by origin. */
  readonly notRunOn?: Partial<Record<ImageOrigin, string>>;
  readonly nodes: (context: TopologyContext) => readonly NodeSpec[];
  /**
   * The node that promotes one of the others where the primary is lost: for an engine that does not do that by itself. It
   * holds no data of its own and has no port. What it decides is a line of its output each, which begins with the time.
   */
  readonly watcher?: (context: TopologyContext) => NodeSpec;
  /** Runs once every node answers: initiates a replica set, meets a cluster. Running it again changes nothing. */
  readonly form?: (running: RunningEngine) => Promise<void>;
}

/** What is known of a server, whoever has started it. */
interface UpEngine {
  readonly engine: string;
  readonly topology: TopologyName;
  readonly image: ResolvedImage;
  readonly serverVersion: string;
}

/** An engine of a stack, up: it is reached by its nodes and secrets. */
export interface RunningEngine extends UpEngine {
  /** The first node is the one that takes writes when the stack starts. */
  readonly nodes: readonly NodeHandle[];
  /** The node that sees to it that one of the others takes over. Absent: the engine does by itself, or nobody. */
  readonly watcher?: NodeHandle;
  readonly secrets: Secrets;
  readonly url?: never;
}

/** A server that the sandbox did not start: it is reached by its address alone, and can be measured. */
export interface ExternalEngine extends UpEngine {
  /** With its password. */
  readonly url: string;
}

/** What a client connects to, whoever has started it: {@link isExternal} tells. */
export type ReachableEngine = RunningEngine | ExternalEngine;

/** Whether the sandbox did not start it. */
export function isExternal(running: { readonly url?: string | undefined }): running is { readonly url: string } {
  return running.url !== undefined;
}

/** The node that takes writes when the stack starts. */
export function firstNode(running: Pick<RunningEngine, 'nodes'>): NodeHandle {
  const [node] = running.nodes;
  if (node === undefined) throw new Error('a running engine has a node');
  return node;
}

/** A driver's client and how to end it. */
export interface Connection<Client> extends AsyncDisposable {
  readonly client: Client;
}

/** What a node is now, as the engine sees it. */
export interface NodeRole {
  readonly node: string;
  /** In the engine's own words: `primary`, `standby`, `master`, `replica`, `leader`; `down` where it gives no answer. */
  readonly role: string;
  /** Node that it follows. */
  readonly follows?: string | undefined;
  /** What has not arrived of what it follows, in bytes of the log. 0 while the one that it follows is idle. */
  readonly lagBytes?: number | undefined;
  /** Most that the oldest of it can be old, in milliseconds. 0 where everything has arrived. */
  readonly lagMs?: number | undefined;
  /** Transactions that have not arrived, where they are counted instead of bytes. */
  readonly lagTransactions?: number | undefined;
  /** Age of the dump that it was made from, in milliseconds: nothing that is older is missing. Absent where nothing is. */
  readonly dumpAgeMs?: number | undefined;
  /** Why it cannot be known how far behind it is: `the link is down`, `no dump yet`. */
  readonly lagUnknown?: string | undefined;
  /** What it holds, where members share the data out: `slots 0-5460`. */
  readonly holds?: string | undefined;
}
