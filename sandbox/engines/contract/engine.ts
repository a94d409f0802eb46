import type { EntityCounts } from '../../../seeds/dataset.ts';
import type { HostCheck } from '../../containers/host/host-check.ts';
import type { ImageSpec } from '../../containers/images/image-spec.ts';
import type { NodeHandle } from '../../containers/nodes/node-spec.ts';
import type { EngineName } from '../engine-names.ts';
import type { Backup } from './backup.ts';
import type { Bench } from './bench.ts';
import type { Data } from './data.ts';
import type { Failover } from './failover.ts';
import type { Insight } from './insight.ts';
import type { Isolation } from './isolation.ts';
import type { Metrics } from './metrics.ts';
import type { Quality } from './quality.ts';
import type { Schema } from './schema.ts';
import type { Shell } from './shell.ts';
import type { Connection, RunningEngine, Secrets, Topology, TopologyName } from './topology.ts';

/** What a node takes at most, in bytes, for the check before a start. */
export interface Resources {
  readonly diskBytes: number;
  readonly memoryBytes: number;
}

/** How an engine's nodes can be laid out. */
type Topologies = Readonly<Record<'standalone', Topology>> &
  Readonly<Partial<Record<Exclude<TopologyName, 'standalone'>, Topology>>>;

/** On which data, of another image of the engine itself, a server starts. */
export interface DataVersions {
  /** Prints the version of the server in an image, without a start. */
  readonly command: readonly string[];
  /** Whether a server of this version starts on data of the other one. */
  readonly reads: (data: string, server: string) => boolean;
}

/** What every engine is: a database, a broker, a cache, a monitoring server. */
export interface EngineCore<Client = unknown> {
  readonly name: EngineName;
  /** As people write it: `PostgreSQL`. */
  readonly title: string;
  readonly image: ImageSpec;
  /**
   * What a node takes with a dataset of this size, while it is loaded and afterwards; without counts, with the data of
   * `small`. Measured in docs/measurements/loading.md.
   */
  readonly resources: (counts?: EntityCounts) => Resources;
  /** What it wants of the machine beside room, for `doctor`. Default: nothing. */
  readonly hostChecks?: readonly HostCheck[];
  readonly topologies: Topologies;
  readonly secretNames: readonly string[];
  /**
   * Asks one node over its own protocol. Returns the server's version once it can serve; throws until then.
   * Must give up by itself within 2 s, and leave no connection behind.
   */
  readonly probe: (node: NodeHandle, secrets: Secrets) => Promise<string>;
  /** Connection string for an application, on the loopback address. */
  readonly uri: (running: Reachable) => string;
  /** Environment variables for an application, by the names that its drivers and tools expect. */
  readonly environment: (running: Reachable) => Readonly<Record<string, string>>;
  /** Opens the driver's client. Default: an application finds its own by `uri`. */
  readonly connect?: (running: RunningEngine) => Promise<Connection<Client>>;
  /**
   * Whether the driver says with this error that its server is gone or gives no answer: what Node.js itself says of a
   * connection is known. Engines with the same driver share this. Default: it says nothing else.
   */
  readonly isConnectionLoss?: (thrown: unknown) => boolean;
}

/** What is known of a running engine without asking it. */
type Reachable = Pick<RunningEngine, 'nodes' | 'secrets' | 'topology' | 'image'>;

/** What an engine may have beside its core, each an object of its own. */
export interface Capabilities {
  readonly schema: Schema;
  readonly data: Data;
  readonly backup: Backup;
  readonly failover: Failover;
  readonly bench: Bench;
  readonly shell: Shell;
  readonly dataVersions: DataVersions;
  readonly isolation: Isolation;
  readonly insight: Insight;
  readonly quality: Quality;
  readonly metrics: Metrics;
}

export type CapabilityName = keyof Capabilities;

/** Parts that a capability, or the core, may be without. */
interface Parts {
  readonly topologies: 'replicated' | 'clustered';
  readonly data: 'baseline';
  readonly backup: 'pointInTime' | 'earlierImage' | 'restoreBeside';
  readonly bench: 'platformReads' | 'external' | 'serverSettings' | 'leases';
}

export type PartName = Parts[keyof Parts];

/** Why an engine is without something, as the end of a sentence, by the name of what it is without. */
type Lacks = Readonly<Partial<Record<CapabilityName | PartName, string>>>;

/**
 * An engine: everything that the runners know of a database product. Made by {@link defineEngine}.
 * Adding one is adding a folder with such an object, its name in `engine-names.ts` and its entry in `index.ts`.
 */
export interface Engine<Client = unknown> extends EngineCore<Client>, Partial<Capabilities> {
  readonly lacks: Lacks;
}

/** An engine that has these capabilities. */
export type EngineWith<Name extends CapabilityName> = Engine & Pick<Capabilities, Name>;

/** What of `Owner` is not there for certain. */
type MissingParts<Has, Owner extends keyof Parts> = Owner extends keyof Has
  ? { [Part in Parts[Owner]]: Has[Owner] extends { readonly [Key in Part]: object } ? never : Part }[Parts[Owner]]
  : never;

/** Everything that an engine with these capabilities has to give a reason for. */
type Missing<Has> =
  | Exclude<CapabilityName, keyof Has>
  | MissingParts<Has, 'topologies'>
  | MissingParts<Has, 'data'>
  | MissingParts<Has, 'backup'>
  | MissingParts<Has, 'bench'>;

/** The client that an engine as written down hands out. */
type ClientOf<Has> = Has extends { readonly connect: (running: RunningEngine) => Promise<Connection<infer Client>> }
  ? Client
  : unknown;

/** An engine as it is written down, which is none until it says why it is without whatever it is without. */
export interface DefinedEngine<Has> {
  /** Does not compile without a reason for each, as the end of a sentence. */
  readonly without: (lacks: Readonly<Record<Missing<Has>, string>>) => Engine<ClientOf<Has>> & Has;
}

/** Begins an engine: `defineEngine({ ... }).without({ clustered: 'one node takes all writes' })`. */
export function defineEngine<const Has extends EngineCore & Partial<Capabilities>>(engine: Has): DefinedEngine<Has> {
  return { without: (lacks) => ({ ...engine, lacks }) as unknown as Engine<ClientOf<Has>> & Has };
}

/** `Engine.resources` from what a node takes with the data of `small`, and what more a dataset of a size takes. */
export function resourcesWith(small: Resources, dataOf: (counts: EntityCounts) => Resources): EngineCore['resources'] {
  return (counts) => {
    if (counts === undefined) return small;
    const data = dataOf(counts);
    return { diskBytes: small.diskBytes + data.diskBytes, memoryBytes: small.memoryBytes + data.memoryBytes };
  };
}
