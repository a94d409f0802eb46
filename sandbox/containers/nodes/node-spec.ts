import type { Labels } from '../runtime/labels.ts';

/** A file that is put into a container before it starts. */
export interface NodeFile {
  /** Absolute path in the container. */
  readonly path: string;
  readonly content: string | Buffer;
  /** Permission bits. Default 0o644. */
  readonly mode?: number;
  /** User id that owns it in the container. Default 0. */
  readonly owner?: number;
}

/** A named volume of a node: it outlives the container. */
export interface NodeVolume {
  /** Short name, unique within the node, for example `data`. */
  readonly name: string;
  /** Absolute path in the container. */
  readonly path: string;
  /** Node of the same engine whose volume it is, which is there before. Default: the node's own. */
  readonly of?: string;
}

/** One container of an engine, as its topology describes it. */
export interface NodeSpec {
  /** Unique within the stack, for example `postgresql` or `postgresql-standby-1`; also its DNS name. */
  readonly name: string;
  /** `primary`, `standby`, `single`, ... in the engine's own words. */
  readonly role: string;
  /** Ports that the node listens on. The first one speaks the engine's protocol. Empty: nobody talks to it. */
  readonly ports: readonly number[];
  /** Never holds a password: those go into `files` of mode 0o600 or 0o400. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly user?: string;
  readonly files?: readonly NodeFile[];
  readonly volumes?: readonly NodeVolume[];
  /** Path to size in bytes of memory-backed folders. */
  readonly tmpfs?: Readonly<Record<string, number>>;
  /** Shared memory of the container in bytes. Default: Docker's 64 MiB. */
  readonly sharedMemoryBytes?: number;
  /** Whether it has no capability at all, not even those that Docker gives to all. Default: false. */
  readonly withoutCapabilities?: boolean;
  /** Memory that it may take, in bytes. Default: by what its engine needs. */
  readonly memoryLimitBytes?: number;
  /** Names of nodes of the same topology that must be ready before this one starts. */
  readonly after?: readonly string[];
}

/** Where and for whom a node runs. */
export interface NodePlacement {
  readonly stackName: string;
  readonly engine: string;
  /** Reference of the image, already present. */
  readonly image: string;
  /** Docker network that the node joins under its name. */
  readonly network: string;
  /** Fixed IPv4 address on the network, which outlives a restart. Default: any free one, which may change. */
  readonly address?: string | undefined;
  /** Labels beside the node's own. */
  readonly labels: Labels;
  /** Container port to the host port it is published on, on the loopback address only. */
  readonly hostPorts: Readonly<Record<number, number>>;
  readonly containerName: string;
  /** Volume name of each of the node's own volumes, by `NodeVolume.name`. */
  readonly volumeNames: Readonly<Record<string, string>>;
  /** Those of other nodes that it sees, by the path that they have in it. Default: none. */
  readonly othersVolumes?: Readonly<Record<string, string>>;
  /** Memory that it may take, in bytes, caches of files included, which give way. Default: no limit. */
  readonly memoryLimitBytes?: number;
  /** Weight in the competition for processors, where other containers have 1,024. Default: 1,024. */
  readonly cpuShares?: number;
}

/** A container that was created for a node. */
export interface NodeHandle {
  readonly name: string;
  readonly role: string;
  readonly engine: string;
  readonly containerId: string;
  readonly containerName: string;
  readonly image: string;
  readonly network: string;
  /** Fixed IPv4 address on the network, where the topology has several nodes. */
  readonly address?: string;
  /** Always the loopback address. */
  readonly host: '127.0.0.1';
  /** Container port to host port. */
  readonly hostPorts: Readonly<Record<number, number>>;
  /** Host port of the first port of the specification; 0 where it has none. */
  readonly port: number;
  readonly volumeNames: Readonly<Record<string, string>>;
}
