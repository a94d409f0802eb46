import type { Isolation } from '../engines/contract/isolation.ts';
import type { EngineName } from '../engines/engine-names.ts';
import type { EngineClient, engineEntries } from '../engines/index.ts';
import type { Given } from './given/given.ts';
import type { QueryReport } from './insight/findings.ts';
import type { Store } from './open-store.ts';

/** The driver's client of a test's own store. */
type StoreClient<Name extends EngineName> =
  Awaited<ReturnType<(typeof engineEntries)[Name]['load']>> extends { readonly isolation: Isolation<infer Client> }
    ? Client
    : EngineClient<Name>;

/** A test's own store of each engine, with its driver's client. */
export type Stores<Name extends EngineName> = { readonly [Each in Name]: Store<StoreClient<Each>> };

/** Stores of one test's own. What is disposed of is released. */
export interface Lease<Name extends EngineName = EngineName> extends AsyncDisposable {
  /** What `lease list` and `lease open` call it. */
  readonly id: string;
  /** Those of the engines that it was made for. */
  readonly stores: Stores<Name>;
  /** The store of one more engine, which costs nothing before. Throws `LEASE_TIMEOUT`, and `UNKNOWN_ENGINE`. */
  readonly store: <Each extends EngineName>(engine: Each) => Promise<Stores<Each>[Each]>;
  /** Makes users, contents and so on, and writes each into all stores of the lease that hold it. */
  readonly given: Given;
  /**
   * Variables of all its stores, passwords included, for a service in another process. Throws `NOT_SUPPORTED` where one of
   * them is rolled back: no other process can have it.
   */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Closes its clients and gives its stores back, to be made as new. Those of a failed test are kept for a while, where
   * the harness keeps any. Throws `ISOLATION_BROKEN` where it verifies, and a store is not as new, and `NOT_SUPPORTED` where
   * work that was to be rolled back was committed.
   */
  readonly release: (how?: HowItEnded) => Promise<Released>;
}

/** How the test of a lease has ended. */
export interface HowItEnded {
  /** Whether the test has failed: its stores are kept then. Default: false. */
  readonly failed?: boolean;
}

/** What a lease says when it has been given back. */
export interface Released {
  /** How to open the stores of a failed test, where they are kept. */
  readonly kept?: string;
  /** What its queries were like, where they were to be looked at. */
  readonly queries?: QueryReport;
}
