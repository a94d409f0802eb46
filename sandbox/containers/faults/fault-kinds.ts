/** A fault of one node, or between nodes, by their names. */
export type Fault =
  /** SIGKILL to its first process; an orderly stop; all of its processes frozen, connections open. */
  | { readonly kind: 'kill' | 'stop' | 'pause'; readonly node: string }
  /** Cut off from every other node, and not from clients on this machine. */
  | { readonly kind: 'isolate'; readonly node: string }
  /** Nodes of different groups do not hear each other; nodes in no group hear all. */
  | { readonly kind: 'partition'; readonly groups: readonly (readonly string[])[] }
  /** Packets that a node sends to its peers, or gets from them, vanish. */
  | {
      readonly kind: 'loss';
      readonly node: string;
      /** Default: `both`. */
      readonly direction?: 'in' | 'out' | 'both';
      /** Default: all other nodes of the stack. */
      readonly peers?: readonly string[];
      /** Share of the packets, 0 to 1. Default: 1. */
      readonly probability?: number;
    }
  /** Every connection to the node is late, each way, by `latencyMs` plus or minus `jitterMs` (default 0). */
  | {
      readonly kind: 'latency';
      readonly node: string;
      readonly latencyMs: number;
      readonly jitterMs?: number;
      /** Seed of the jitter. Default: 1. */
      readonly seed?: number;
    }
  /** Packets that reach the node are answered with a TCP reset. Share of them: 0 to 1. Default: 1. */
  | { readonly kind: 'reset'; readonly node: string; readonly probability?: number }
  /** What the node sends, to peers and clients together. */
  | { readonly kind: 'bandwidth'; readonly node: string; readonly kilobitsPerS: number }
  /** No byte is left on the node's volumes. Only where they have a size of their own: `dataSizeBytes` of a stack. */
  | { readonly kind: 'fill-disk'; readonly node: string }
  /** The node is stopped, its volumes are emptied, and it is started again. This is not undone. */
  | { readonly kind: 'wipe'; readonly node: string }
  | { readonly kind: 'clock-skew'; readonly node: string };

export type FaultKind = Fault['kind'];

/** Every kind with what it does, for people; a reason where it cannot be done here. */
export const faultKinds: Readonly<Record<FaultKind, { readonly title: string; readonly notSupported?: string }>> = {
  kill: { title: 'SIGKILL to its process' },
  stop: { title: 'an orderly stop' },
  pause: { title: 'all its processes frozen, with their connections open' },
  isolate: { title: 'cut off from its peers, and not from clients' },
  partition: { title: 'groups of nodes that do not hear each other' },
  loss: { title: 'packets to or from its peers vanish' },
  latency: { title: 'every connection to it is late' },
  reset: { title: 'packets that reach it are answered with a reset' },
  bandwidth: { title: 'a limit to what it sends' },
  'fill-disk': { title: 'no byte left on its volumes' },
  wipe: { title: 'its data folder emptied' },
  'clock-skew': {
    title: 'a clock that is wrong',
    notSupported:
      'containers share the clock of their machine: time namespaces leave the wall clock alone (time_namespaces(7)), and a preloaded library would have to be in the vendors’ images',
  },
};

/** A fault that lasts, as its record has it. */
export interface ActiveFault {
  readonly kind: FaultKind;
  readonly node: string;
}
