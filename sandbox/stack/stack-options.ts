import type { Dataset, DatasetSize } from '../../seeds/dataset.ts';
import type { SizeCounts } from '../../seeds/sizes.ts';
import type { ImagePolicy } from '../containers/images/image-spec.ts';
import type { ProgressListener } from '../core/progress.ts';
import type { TopologyName } from '../engines/contract/topology.ts';
import type { EngineName } from '../engines/engine-names.ts';
import type { Migrations } from './migrate/migrations.ts';

/** Topologies by engine; what is not named is not asked for. */
export type Topologies = Partial<Record<EngineName, TopologyName>>;

/** What a stack is made of. */
export interface StackOptions<Name extends EngineName = EngineName> {
  /** Default: those of the platform, `defaultEngines`. */
  readonly engines?: readonly Name[];
  /** Topology per engine. Default: that of the data that is there, and of a new engine `standalone`. */
  readonly topologies?: Topologies;
  /**
   * Whether a small node beside them promotes a standby of engines that have no failover of their own, where their
   * topology is `replicated`. Default: as the stack has it, and of a new one true.
   */
  readonly failover?: boolean;
  /** Size of the dataset, or counts over those of `small`; `none` loads nothing. Default: `small`. */
  readonly size?: DatasetSize | SizeCounts | 'none';
  /** A dataset of one's own, for example of `importDataset`; in place of size and seed. */
  readonly dataset?: Dataset;
  /** Seed of the dataset. Default: the dataset's own. */
  readonly seed?: number;
  /** Whether the platform's schemas are applied. Default: true. Without them nothing is loaded. */
  readonly schema?: boolean;
  /**
   * A service's own schemas, on top of the platform's or in its place. With `schema: false` they are left out too.
   * Default: none.
   */
  readonly migrations?: Migrations;
  /** Replaces another schema and other data that are there, instead of refusing. Default: false. */
  readonly reset?: boolean;
  /**
   * With `reset`: an engine whose schema is the same, and that holds this dataset, keeps what it has, changes of its users
   * too. Default: false, everything is loaded anew.
   */
  readonly keepSame?: boolean;
  /**
   * A stack of this process alone, on free ports, removed with its data when it is disposed of (default).
   * `false`: the stack of a folder, which stays up, keeps its ports, and is attached to if it runs.
   */
  readonly ephemeral?: boolean;
  /**
   * Name of the stack that this one is made beside, to restore into. It counts once `markRestored` has said so: what a
   * process that died before has left is removed by the next command. Default: it stands for itself.
   */
  readonly beside?: string;
  /** Folder that the stack belongs to. Default: the current one. */
  readonly directory?: string;
  /** Name of the stack of a folder. Default: made from the folder's path. */
  readonly name?: string;
  /** Host port per engine, for the first port of its first node. Default: a free one that is then kept. */
  readonly ports?: Partial<Record<EngineName, number>>;
  /** Gives nodes whose port another program has taken meanwhile a new one, instead of refusing. Default: false. */
  readonly moveTakenPorts?: boolean;
  /** Refuses other data that is there, where it would be kept: that of an earlier version, or from files. Default: false. */
  readonly refuseOtherData?: boolean;
  /**
   * Size of every volume of a throw-away stack, in bytes: what the fault `fill-disk` needs. Such a volume is in memory
   * and loses its data when its node stops. Default: as large as the machine's disk.
   */
  readonly dataSizeBytes?: number;
  /** Which origins may be used. Default: `auto`. */
  readonly images?: ImagePolicy;
  /** Engines that a throw-away stack runs in the version before the present one. Default: none. */
  readonly earlierVersions?: readonly EngineName[];
  /** Whether a missing container engine may be installed. Default: `never` for a library, `auto` on the command line. */
  readonly dockerInstall?: 'auto' | 'never';
  /** Whether drivers' clients are opened. Default: true. */
  readonly connect?: boolean;
  /** How long a node may take to answer, in milliseconds. Default: the deadline `nodeReady`. */
  readonly readyTimeoutMs?: number;
  /** Told of each step as it goes. Default: nobody. */
  readonly progress?: ProgressListener;
  /** Breaks the start off, and takes back what it has begun. Default: nothing does. */
  readonly signal?: AbortSignal;
}
