import type { LeaseBench } from './bench/lease-bench.ts';
import type { OfferedReads } from './bench/platform-reads.ts';
import type { QueryPath } from './bench/query-path.ts';
import type { ReachableEngine } from './topology.ts';

/** Capability of an engine whose speed is measured. */
export interface Bench {
  readonly paths: readonly QueryPath[];
  /** What it gives to paths that go through several stores. */
  readonly platformReads?: OfferedReads;
  /** How query paths are measured on a server that the sandbox did not start. */
  readonly external?: ExternalAccess;
  /** What its server says of the settings that decide about speed, fsync before all; no password among them. */
  readonly serverSettings?: (running: ReachableEngine) => Promise<Readonly<Record<string, string>>>;
  /** How stores of a test's own are measured. */
  readonly leases?: LeaseBench;
}

/** How a server is reached that is somebody else's: by an address alone, without a node. */
export interface ExternalAccess {
  /** Of the addresses that its driver takes: `postgres:`. */
  readonly protocols: readonly string[];
  /** Connects, asks and disconnects. */
  readonly version: (running: ReachableEngine) => Promise<string>;
}
