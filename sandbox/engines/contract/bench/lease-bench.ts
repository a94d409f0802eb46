import type { Place } from '../isolation.ts';
import type { RunningEngine } from '../topology.ts';

/** How the stores that tests get of an engine are measured: what a test does in one, and what else gives a test one. */
export interface LeaseBench<Client = unknown> {
  /** What a short test does, over the client of `Isolation.connect`: it writes. */
  write(client: Client): Promise<unknown>;
  /** Other ways to such a store, in turns with the leases. */
  readonly others: readonly OtherWay<Client>[];
  /** Most that is wanted of the median, in milliseconds. Default: nothing is wanted of this engine alone. */
  readonly wantedMs?: Readonly<Partial<Record<LeaseKind, number>>>;
}

/**
 * How a test came by its store. `made`: it did not exist before. `as new`: one that a test had written to was made as new
 * while this one waited. `handed out`: it was ready.
 */
export type LeaseKind = 'made' | 'as new' | 'handed out';

/** Another way to a store of a test's own: a loop over the driver, or a tool that people use. */
export interface OtherWay<Client = unknown> {
  /** As the report shows it: `CREATE DATABASE … TEMPLATE`. */
  readonly name: string;
  /** Leases that it is held against. */
  readonly kind: LeaseKind;
  /** A `bare` loop is what there is to compare with; a lease is wanted to be faster than a `peer`. */
  readonly role: 'bare' | 'peer';
  /** Gets ready what is not measured. Throws where it cannot be had here: the reason is reported. */
  prepare(given: GivenToOther<Client>): Promise<PreparedWay>;
}

export interface GivenToOther<Client> {
  readonly running: RunningEngine;
  /** A place that nobody else has meanwhile, with its client; what it holds may be changed. */
  readonly place: Place;
  readonly client: Client;
  readonly signal?: AbortSignal | undefined;
}

export interface PreparedWay extends AsyncDisposable {
  /** Comes by one store, and returns how long that took, in milliseconds, without what comes before and after. */
  readonly run: () => Promise<number>;
}

/** How long some work takes, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await work();
  return performance.now() - beganMs;
}
