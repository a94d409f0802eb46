import type { EntityCounts } from '../../../seeds/dataset.ts';
import type { ResolvedImage } from '../../containers/images/image-spec.ts';
import type { Labels } from '../../containers/runtime/labels.ts';
import type { FoundContainer } from '../../containers/runtime/objects.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import type { Secrets, Topology } from '../../engines/contract/topology.ts';
import type { NodeAddresses } from '../resolve/node-addresses.ts';
import type { PortChooser } from '../state/host-ports.ts';
import type { HeadStart } from './head-start.ts';

/** What an engine is started with. */
export interface EngineStart {
  readonly engine: Engine;
  readonly topology: Topology;
  readonly image: ResolvedImage;
  readonly secrets: Secrets;
  readonly stackName: string;
  readonly network: string;
  /** Fixed addresses in the network. Absent: it is for single nodes. */
  readonly addresses?: NodeAddresses | undefined;
  readonly labels: Labels;
  readonly ports: PortChooser;
  /** Host port that was asked for, for the first port of the first node. */
  readonly wantedPort?: number | undefined;
  /** Containers of this stack that are there already, by name. */
  readonly existing: ReadonlyMap<string, FoundContainer>;
  /** Whether what is in the volumes is worth keeping. Otherwise they are made anew. */
  readonly keepVolumes: boolean;
  /** Which generation of its volumes it runs on. */
  readonly generation: number;
  /** Stack that the volumes belong to, and their labels. Default: those of the containers. */
  readonly volumesOf?: { readonly stackName: string; readonly labels: Labels };
  /** Whether a watcher promotes a survivor, where the topology has one. Default: false. */
  readonly failover?: boolean | undefined;
  /** What is to be loaded, if it is known. */
  readonly counts?: EntityCounts | undefined;
  /** Size of every volume that is made. */
  readonly dataSizeBytes?: number | undefined;
  /** Waits this long for the first answer. Default: the deadline `nodeReady`. */
  readonly readyTimeoutMs?: number | undefined;
  readonly signal: AbortSignal;
  readonly headStart: HeadStart;
  /** Told for each node once it is there, and nothing is left to do but to wait until it answers. */
  readonly onWaiting?: () => void;
  /** Told for each node that was paused, and goes on. */
  readonly onResumed?: (node: string) => void;
}
