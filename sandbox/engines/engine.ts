import type { Dataset, EntityCounts } from '../../seeds/dataset.ts';
import type { Levels } from '../../seeds/entities.ts';
import type { ImageOrigin, ImageSpec } from '../containers/image-spec.ts';
import type { NodeHandle } from '../containers/node-spec.ts';
import type { TaskReport } from '../core/progress.ts';
import type { Backup, PointInTime } from './backup.ts';
import type { BareLoad } from './bare-load.ts';
import type { Failover } from './failover.ts';
import type { Holding } from './holdings.ts';
import type { OfferedReads } from './platform-reads.ts';
import type { QueryPath } from './query-path.ts';
import type { Shell } from './shell.ts';
import type { Connection, NodeRole, NotSupported, RunningEngine, Secrets, Topology, TopologyName } from './topology.ts';
import type { Workloads } from './workloads.ts';

export interface SchemaOptions {
  /** Replaces another schema that is there, with its data. */
  readonly reset: boolean;
  /**
   * Leaves a schema that was applied before as it is, whatever it lacks by now: its gaps are told instead. Default: what
   * is missing and can be made without touching data is made, as after a start that was killed.
   */
  readonly keep?: boolean;
  /** Folder of the schema's files. Default: the platform's own. */
  readonly directory?: string;
}

export interface SchemaReport {
  /** Names of the objects or files that were applied now. Empty when everything was already there. */
  readonly applied: readonly string[];
  readonly alreadyPresent: number;
}

export interface LoadReport {
  /** Rows, documents, keys, points, nodes and relationships by the store's own name for them. */
  readonly loaded: Readonly<Record<string, number>>;
  /** Rows that a load which was cut off had left, and that this one went on from. Absent where it began anew. */
  readonly resumedFrom?: number;
}

/** Kinds of things that several stores hold under the same business id. */
export type SharedKind = 'user' | 'content' | 'conversation' | 'concept' | 'knowledge';

/** One such thing as one store holds it. */
export interface SharedRow {
  readonly id: string;
  /** Business id of the user it belongs to, where the store says so. */
  readonly owner?: string;
  /** The levels that the store keeps for it. */
  readonly levels?: Partial<Levels>;
  /** The schema itself brings it: it is there whether or not the dataset has it. */
  readonly ofSchema?: true;
  /** The store holds an id once by its nature, but the scan that reads it may tell of one again. Default: it does not. */
  readonly mayComeAgain?: true;
}

/** Reads back what a store holds, for the cross-store check, and holds no more than some batches of it in memory. */
export type ReadBack = Partial<Record<SharedKind, (running: RunningEngine) => AsyncIterable<SharedRow>>>;

/** What "the same data" means: named parts with a SHA-256 each, of data and of catalogue. */
export interface Fingerprint {
  readonly parts: Readonly<Record<string, string>>;
  /** Parts that lose something by themselves. Absent for a part that does not. */
  readonly expiring?: Readonly<Record<string, ExpiringPart>>;
}

/** A part of a fingerprint taken asunder, so that what lives on can be compared when something has gone. */
export interface ExpiringPart {
  /** SHA-256 of what has no lifetime. */
  readonly staying: string;
  /** SHA-256 of what goes in each second, by its beginning in milliseconds since 1970. */
  readonly going: Readonly<Record<number, string>>;
}

/** One promise of an engine's schema. It fails by throwing an `AssertionError`; any other error means `unknown`. */
export interface ContractCase {
  readonly name: string;
  readonly notRunOn?: Partial<Record<ImageOrigin, string>>;
  /** May write; leaves the data as it found it. */
  readonly run: (running: RunningEngine, dataset: Dataset) => Promise<void>;
}

/** How a server is reached that is somebody else's: by an address alone, without a node. */
export interface ExternalAccess {
  /** Of the addresses that its driver takes: `postgres:`. */
  readonly protocols: readonly string[];
  /** Connects, asks and disconnects. */
  readonly version: (running: RunningEngine) => Promise<string>;
}

/** On which data, of another image of the engine itself, a server starts. */
interface DataVersions {
  /** Prints the version of the server in an image, without a start. */
  readonly command: readonly string[];
  /** Whether a server of this version starts on data of the other one. */
  readonly reads: (data: string, server: string) => boolean;
}

/**
 * An engine: everything that the runners know of a database product.
 * Adding one is adding a folder with such an object and one line in `index.ts`.
 */
export interface Engine<Client = unknown> {
  readonly name: string;
  /** As people write it: `PostgreSQL`. */
  readonly title: string;
  readonly image: ImageSpec;
  /** A version before that of `image`, to restore its backups into the present one. */
  readonly earlierImage: ImageSpec | NotSupported;
  /** Disk that a node with the data of `small` takes at most, in bytes, for the check before a start. */
  readonly diskBytes: number;
  /** Memory that a node with the data of `small` takes at most, in bytes, for the check before a start. */
  readonly memoryBytes: number;
  /** What more a dataset of this size takes at most, while it is loaded and afterwards; measured in docs/loading.md. */
  readonly dataBytes: (counts: EntityCounts) => { readonly diskBytes: number; readonly memoryBytes: number };
  readonly secretNames: readonly string[];
  readonly dataVersions: DataVersions;
  readonly topologies: Readonly<Record<TopologyName, Topology | NotSupported>>;
  /**
   * Asks one node over its own protocol. Returns the server's version once it can serve; throws until then.
   * Must give up by itself within 2 s, and leave no connection behind.
   */
  readonly probe: (node: NodeHandle, secrets: Secrets) => Promise<string>;
  /** Connection string for an application, on the loopback address. */
  readonly uri: (running: Pick<RunningEngine, 'nodes' | 'secrets' | 'topology' | 'image'>) => string;
  /** Environment variables for an application, by the names that its drivers and tools expect. */
  readonly environment: (
    running: Pick<RunningEngine, 'nodes' | 'secrets' | 'topology' | 'image'>,
  ) => Readonly<Record<string, string>>;
  /**
   * Variables of a login that owns what is there, for migrations, beside those of `environment`: their names have
   * `MIGRATION` in them. Where the application's login owns it already, they are that one's.
   */
  readonly migrationEnvironment: Engine['environment'];
  readonly shell: Shell | NotSupported;
  readonly connect: (running: RunningEngine) => Promise<Connection<Client>>;
  /**
   * Applies the schema. Applying it again changes nothing. With `reset`, what it lacks by now, and what is different, is made
   * again, and what a service has added stays.
   * Throws `SCHEMA_DIFFERENT` with the difference where another schema is there and `reset` is false,
   * and `SCHEMA_FAILED` with file, line and the server's message.
   */
  readonly applySchema: (running: RunningEngine, options: SchemaOptions) => Promise<SchemaReport>;
  /**
   * Replaces whatever data is there with the dataset. Where a load of the same dataset was cut off, goes on with it.
   * Holds no more than some batches in memory, at any size.
   */
  readonly load: (running: RunningEngine, dataset: Dataset, report: TaskReport) => Promise<LoadReport>;
  /** What `load` is measured against. */
  readonly bareLoad: BareLoad;
  /** Fingerprint of the dataset that was loaded last, as `load` recorded it in the store. */
  readonly loadedFingerprint: (running: RunningEngine) => Promise<string | undefined>;
  /** Writes that record: for a store whose backups by earlier releases may have lost it. Default: the present moment. */
  readonly recordLoaded?: (running: RunningEngine, fingerprint: string, loadedAtMs?: number) => Promise<void>;
  /**
   * Brings back what of the loaded dataset has expired, and returns how much that was. What is there stays as it is.
   * Absent: nothing of it goes by itself.
   */
  readonly refill?: (running: RunningEngine, dataset: Dataset, report: TaskReport) => Promise<number>;
  readonly readBack: ReadBack;
  /**
   * Kinds of which things may be missing now without being lost, because their lifetime since the load has passed by
   * the store's own clock. Absent: none ever.
   */
  readonly expiredKinds?: (running: RunningEngine) => Promise<readonly SharedKind[]>;
  /** Everything of the dataset that it keeps, by place: what was added, changed or removed since is told by it. */
  readonly holdings: readonly Holding[];
  readonly fingerprint: (running: RunningEngine) => Promise<Fingerprint>;
  readonly contract: readonly ContractCase[];
  readonly backup: Backup | NotSupported;
  readonly pointInTime: PointInTime | NotSupported;
  readonly failover: Failover | NotSupported;
  readonly queryPaths: readonly QueryPath[];
  /** What it gives to paths that go through several stores. */
  readonly platformReads?: OfferedReads;
  /** How query paths are measured on a server that the sandbox did not start. */
  readonly external?: ExternalAccess;
  /** What its server says of the settings that decide about speed, fsync before all; no password among them. */
  readonly serverSettings?: (running: RunningEngine) => Promise<Readonly<Record<string, string>>>;
  readonly workloads: Workloads;
  /** Who is primary now and who follows. Absent: the roles are those that the nodes were started with. */
  readonly roles?: (running: RunningEngine) => Promise<readonly NodeRole[]>;
}
