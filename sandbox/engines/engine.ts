import type { Dataset } from '../../seeds/dataset.ts';
import type { Levels } from '../../seeds/entities.ts';
import type { Faults } from '../containers/faults.ts';
import type { ImageOrigin, ImageSpec, ResolvedImage } from '../containers/image-spec.ts';
import type { NodeHandle, NodeSpec } from '../containers/node-spec.ts';
import type { TaskReport } from '../core/progress.ts';
import type { SetClient, Workload, Workloads } from './workloads.ts';

/** How the nodes of an engine are laid out. */
export type TopologyName = 'standalone' | 'replicated' | 'clustered';

/** A capability that an engine lacks; runners report it as `not-run` with this reason. */
export interface NotSupported {
  readonly notSupported: string;
}

export function isSupported<Value extends object>(value: Value | NotSupported): value is Value {
  return !('notSupported' in value);
}

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
}

export interface Topology {
  readonly name: TopologyName;
  /** Reason not to run it on an image of this origin, by origin. */
  readonly notRunOn?: Partial<Record<ImageOrigin, string>>;
  readonly nodes: (context: TopologyContext) => readonly NodeSpec[];
  /** Runs once every node answers: initiates a replica set, meets a cluster. Running it again changes nothing. */
  readonly form?: (running: RunningEngine) => Promise<void>;
}

/** An engine of a stack, up. */
export interface RunningEngine {
  readonly engine: string;
  readonly topology: TopologyName;
  readonly image: ResolvedImage;
  readonly serverVersion: string;
  /** The first node is the one that takes writes when the stack starts. */
  readonly nodes: readonly NodeHandle[];
  readonly secrets: Secrets;
}

/** A driver's client and how to end it. */
export interface Connection<Client> extends AsyncDisposable {
  readonly client: Client;
}

export interface SchemaOptions {
  /** Replaces another schema that is there, with its data. */
  readonly reset: boolean;
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
}

/** Reads back what a store holds, for the cross-store check. */
export type ReadBack = Partial<Record<SharedKind, (running: RunningEngine) => AsyncIterable<SharedRow>>>;

/** What "the same data" means: named parts with a SHA-256 each, of data and of catalogue. */
export interface Fingerprint {
  readonly parts: Readonly<Record<string, string>>;
  /**
   * Parts that lose something by themselves, and when they first do, in milliseconds since 1970: after that they tell
   * nothing. Absent for a part that does not.
   */
  readonly comparableUntilMs?: Readonly<Record<string, number>>;
}

/** One promise of an engine's schema. It fails by throwing an `AssertionError`; any other error means `unknown`. */
export interface ContractCase {
  readonly name: string;
  readonly notRunOn?: Partial<Record<ImageOrigin, string>>;
  /** May write; leaves the data as it found it. */
  readonly run: (running: RunningEngine, dataset: Dataset) => Promise<void>;
}

/** One file of a backup. */
export interface BackupPart {
  /** Path relative to the engine's folder in the backup. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** One engine's part of a backup: what its files are, and what they were taken from. */
export interface BackupManifest {
  readonly formatVersion: 1;
  readonly engine: string;
  readonly serverVersion: string;
  readonly origin: ImageOrigin;
  /** How it was made, for people: `pg_dump -Fc`, `RDB`, ... */
  readonly method: string;
  /** Whether everything in it is from one moment, and if not, why. */
  readonly consistentPoint: true | { readonly no: string };
  /** Where in the engine's own history it was taken, in its own words: `lsn 0/3000060`, `replication offset 8123`. */
  readonly position: string;
  readonly parts: readonly BackupPart[];
}

export interface Backup {
  /** Writes the engine's files into an empty folder and returns their manifest. */
  readonly backUp: (running: RunningEngine, directory: string) => Promise<BackupManifest>;
  /**
   * Restores into an engine that is up and empty (no schema applied).
   * Before the target is touched, it throws with a code of its own for each way in which the files are not what the
   * manifest says (`backup-files.ts`), cannot be read by the engine's own tools, or cannot be taken by this target
   * (`restore-target.ts`).
   */
  readonly restore: (target: RunningEngine, directory: string, manifest: BackupManifest) => Promise<void>;
  /**
   * Restores beside the live data of a running engine, under names of its own that end in `_restore`, and returns
   * those names. What an earlier restore left under them is replaced; the live data is not touched.
   * Refuses as `restore` does.
   */
  readonly restoreBeside:
    | ((running: RunningEngine, directory: string, manifest: BackupManifest) => Promise<readonly string[]>)
    | NotSupported;
  /** Proves that the restored store takes a write, and takes it back. */
  readonly writeAfterwards: (target: RunningEngine) => Promise<void>;
  /** The engine's own tool for the same work, to measure what ours costs beside it. */
  readonly bare?: BareTool;
  /** The specification's own commands: a negative control, whose result must not pass for a restore. */
  readonly asSpecified?: {
    readonly description: string;
    readonly run: (source: RunningEngine, target: RunningEngine) => Promise<void>;
  };
}

/** An engine's own tool for backups, as people run it: nothing is verified, and nothing refused. */
export interface BareTool {
  /** As people write it: `pg_dump -Fc, pg_restore -j`. */
  readonly name: string;
  /** Writes its files into an empty folder. */
  readonly backUp: (running: RunningEngine, directory: string) => Promise<void>;
  /** Restores what `backUp` of the same tool wrote, into an engine that is up and empty. */
  readonly restore: (target: RunningEngine, directory: string) => Promise<void>;
}

/** Backups of all files of an engine, with the log that leads from there to any later moment. */
export interface PointInTime {
  /** Writes the engine's files into an empty folder, and keeps the engine's log from then on. */
  readonly backUp: (running: RunningEngine, directory: string) => Promise<BackupManifest>;
  /** Gives the present moment a name that `restore` can be told, and waits until the log up to it is kept. */
  readonly mark: (running: RunningEngine, name: string) => Promise<void>;
  /**
   * Copies the log that was kept since the backup into its folder, also from a node that is dead; returns the manifest
   * that names its files too.
   */
  readonly collectLog: (running: RunningEngine, directory: string, manifest: BackupManifest) => Promise<BackupManifest>;
  /**
   * Restores into an engine that is up and empty, up to a moment. Refuses as `Backup.restore` does, and with
   * `BACKUP_LOG_MISSING` where the log does not lead to that moment.
   */
  readonly restore: (
    target: RunningEngine,
    directory: string,
    manifest: BackupManifest,
    until: { readonly time: Date } | { readonly mark: string },
  ) => Promise<void>;
}

/** Outcome of one attempted write: a time-out or a reset is `unknown`, never `failed`. */
export type WriteOutcome = 'ok' | 'failed' | 'unknown';

/** What is promised of writes that were acknowledged, in one topology. A drill holds the engine to it. */
export interface FailoverContract {
  readonly topology: TopologyName;
  /** What makes the promise: `synchronous commit`, `min-replicas`, `WAIT 1`. */
  readonly name: string;
  /** The promise in words, for people. */
  readonly promise: string;
  /**
   * How far back losses may reach from the oldest lost acknowledgement to the fault, or to the newest lost one, in
   * milliseconds. 0: nothing acknowledged may be lost.
   */
  readonly lossWindowMs: number;
  /** Adds and reads a set as this contract asks. Default: the engine's own workload. */
  readonly set?: Workload<SetClient>;
  /** Target from kill -9 of the primary to the first acknowledged write, in milliseconds, shown beside the figure. */
  readonly firstWriteTargetMs?: number;
}

/** A case of the failover suite that is an engine's own. It fails by throwing an `AssertionError`. */
export interface FailoverOwnCase {
  readonly topology: TopologyName;
  readonly name: string;
  /** Runs on a throw-away topology with the schema applied, and returns figures for the report. */
  readonly run: (running: RunningEngine, faults: Faults) => Promise<Readonly<Record<string, number | string>>>;
}

/** What drills need of an engine beside its workloads; faults, histories and checkers belong to the runner. */
export interface Failover {
  /** The first of a topology is drilled with every schedule, further ones with those that cost writes. */
  readonly contracts: readonly FailoverContract[];
  /** Whether a node with this role takes the writes of the workloads. */
  readonly isPrimary: (role: NodeRole) => boolean;
  /**
   * Returns once the primary cannot commit. Absent where the engine notices by itself.
   * Polls at most 50 ms apart; `signal` ends it.
   */
  readonly detect?: (running: RunningEngine, primary: string, signal: AbortSignal) => Promise<void>;
  /** Makes a survivor the primary and returns its node's name. Absent where the engine does that by itself. */
  readonly promote?: (running: RunningEngine) => Promise<string>;
  /** Makes an old primary, running or down, follow the new one. Absent where the engine does that by itself. */
  readonly rejoin?: (running: RunningEngine, nodeName: string) => Promise<RejoinReport>;
  /** Makes a member follow that came back with no data. Absent where the engine does that by itself. */
  readonly replace?: (running: RunningEngine, nodeName: string) => Promise<void>;
  /** Returns once every member is up and follows as it should. Absent: answering is enough. */
  readonly settle?: (running: RunningEngine) => Promise<void>;
  /** Takes away what makes the promise, for the positive control, which must lose writes then. */
  readonly weaken?: (running: RunningEngine) => Promise<void>;
  /** What else breaks in a way of its own. Not part of `quick`. */
  readonly ownCases?: readonly FailoverOwnCase[];
}

/** How an old primary came back, and what it alone had written. */
export interface RejoinReport {
  readonly node: string;
  readonly primary: string;
  /** Position in its log up to which it agreed with the new primary. Absent where it had nothing of its own. */
  readonly partedAt?: string;
  /** Transactions that it alone had, and has no more. */
  readonly givenUp: readonly { readonly id: string; readonly position: string; readonly committedAt: string }[];
}

export interface PlanCheck {
  readonly expected: string;
  readonly actual: string;
  readonly ok: boolean;
}

export interface AnswerCheck {
  readonly expected: string;
  readonly actual: string;
  readonly ok: boolean;
}

/** A query path that is ready to be run many times. */
export interface PreparedPath extends AsyncDisposable {
  /** Runs the query once, with parameters that depend on the iteration alone. */
  readonly run: (iteration: number) => Promise<void>;
  /** The same request with as little of our code as the driver allows: the reference of the same run. */
  readonly runBare: (iteration: number) => Promise<void>;
  readonly checkPlan: () => Promise<PlanCheck>;
  readonly checkAnswer: () => Promise<AnswerCheck>;
  /** The request itself, of a path that is one HTTP request: a load generator for HTTP can send it too. */
  readonly http?: HttpRequest;
  /** Of an approximate search. */
  readonly recall?: RecallSearch;
}

export interface HttpRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** How an approximate search is asked with another search width, and exactly under the same filter. */
export interface RecallSearch {
  readonly k: number;
  /** Queries that are asked: iterations 0 to `queries` - 1. */
  readonly queries: number;
  /** Search widths of the curve, ascending. */
  readonly efs: readonly number[];
  /** Ids of at most `k` rows, best first; with `null` those of the exact search. */
  readonly search: (iteration: number, ef: number | null) => Promise<readonly string[]>;
}

export interface ReferenceLoad {
  readonly clients: number;
  readonly durationMs: number;
}

/** Another program of the field that sends a comparable request, in the same run: `pgbench`, `redis-benchmark`. */
export interface ReferenceProgram {
  readonly name: string;
  /** What it sends, for people. */
  readonly request: string;
  /** Throws where the program cannot be run on this image. `p50Us` is `null` where it does not tell. */
  readonly run: (
    running: RunningEngine,
    dataset: Dataset,
    load: ReferenceLoad,
  ) => Promise<{ readonly achievedPerS: number; readonly p50Us: number | null }>;
}

/** A query whose speed matters. */
export interface QueryPath {
  readonly name: string;
  readonly description: string;
  readonly notRunOn?: Partial<Record<ImageOrigin, string>>;
  readonly prepare: (running: RunningEngine, dataset: Dataset) => Promise<PreparedPath>;
  readonly reference?: ReferenceProgram;
}

/** What a node is now, as the engine sees it. */
export interface NodeRole {
  readonly node: string;
  /** In the engine's own words: `primary`, `standby`, `master`, `replica`, `leader`; `down` where it gives no answer. */
  readonly role: string;
  /** Node that it follows. */
  readonly follows?: string | undefined;
  /** How far behind it is, for people: `0 bytes`, `3 s`. */
  readonly lag?: string | undefined;
  /** What it holds, where members share the data out: `slots 0-5460`. */
  readonly holds?: string | undefined;
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
  /** Disk that a seeded node takes at most, in bytes, for the check before a start. */
  readonly diskBytes: number;
  /** Memory that a seeded node takes at most, in bytes, for the check before a start. */
  readonly memoryBytes: number;
  readonly secretNames: readonly string[];
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
  readonly connect: (running: RunningEngine) => Promise<Connection<Client>>;
  /**
   * Applies the schema. Applying it again changes nothing.
   * Throws `SCHEMA_DIFFERENT` with the difference where another schema is there and `reset` is false,
   * and `SCHEMA_FAILED` with file, line and the server's message.
   */
  readonly applySchema: (running: RunningEngine, options: SchemaOptions) => Promise<SchemaReport>;
  /** Replaces whatever data is there with the dataset. */
  readonly load: (running: RunningEngine, dataset: Dataset, report: TaskReport) => Promise<LoadReport>;
  /** Fingerprint of the dataset that was loaded last, as `load` recorded it in the store. */
  readonly loadedFingerprint: (running: RunningEngine) => Promise<string | undefined>;
  readonly readBack: ReadBack;
  readonly fingerprint: (running: RunningEngine) => Promise<Fingerprint>;
  readonly contract: readonly ContractCase[];
  readonly backup: Backup | NotSupported;
  readonly pointInTime: PointInTime | NotSupported;
  readonly failover: Failover | NotSupported;
  readonly queryPaths: readonly QueryPath[];
  /** What its server says of the settings that decide about speed, fsync before all; no password among them. */
  readonly serverSettings?: (running: RunningEngine) => Promise<Readonly<Record<string, string>>>;
  readonly workloads: Workloads;
  /** Who is primary now and who follows. Absent: the roles are those that the nodes were started with. */
  readonly roles?: (running: RunningEngine) => Promise<readonly NodeRole[]>;
}
