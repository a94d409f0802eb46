import { randomBytes } from 'node:crypto';
import { nowMs } from '../../core/clock.ts';
import type { Place } from '../../engines/contract/isolation.ts';
import type { InsightOptions } from '../insight/findings.ts';
import type { BackgroundWork } from './background-work.ts';
import type { BrokerOptions } from './broker-options.ts';
import type { HeldLease, Holder } from './held-lease.ts';
import { leaseNotFound } from './shown-lease.ts';
import { engineOfStore } from './store-name.ts';
import type { StorePools } from './store-pools.ts';
import { leaseDeadlock, stuckWaits, type Wait } from './stuck-waits.ts';
import { watchQueries } from './watched-queries.ts';

/** What is asked for, by names of stores. */
export interface AskedLease {
  readonly label: string;
  readonly engines: readonly string[];
  readonly waitMs: number;
  readonly insight?: Required<InsightOptions>;
}

/** Leases that processes have, from when they are asked for until their places are given back. */
export interface HeldLeases {
  readonly all: () => readonly HeldLease[];
  readonly get: (id: string) => HeldLease | undefined;
  /** Throws `LEASE_NOT_FOUND` for one that somebody else has, or nobody. */
  readonly own: (holder: Holder, id: string) => HeldLease;
  readonly begin: (holder: Holder, asked: AskedLease) => Promise<HeldLease>;
  /** One more place; the same one where the lease has it already. */
  readonly placeOf: (lease: HeldLease, engine: string, waitMs: number) => Promise<Place>;
  /** Nobody has the lease any more; its places are still out. */
  readonly stop: (lease: HeldLease) => void;
  readonly giveBackAll: (lease: HeldLease, verify: boolean) => Promise<readonly string[]>;
  /** Stops a lease, gives its places back, and says what differs from new ones afterwards. One that has ended has none. */
  readonly end: (lease: HeldLease, verify?: boolean) => Promise<readonly string[]>;
  /** Ends the leases of processes that have ended, and one of those who wait for each other for ever. */
  readonly endLost: () => void;
  /** Ends all; from then on places are removed rather than reset. */
  readonly close: () => void;
}

export interface HeldLeasesOptions extends Pick<BrokerOptions, 'engineOf' | 'isAlive'> {
  readonly pools: StorePools;
  readonly background: BackgroundWork;
}

export function heldLeases({ pools, engineOf, isAlive, background }: HeldLeasesOptions): HeldLeases {
  const leases = new Map<string, HeldLease>();
  /** In the order of their beginning. */
  const waits = new Set<Wait>();
  /** Works that begin once a watch has ended. */
  const delayed = new Set<() => void>();
  let isClosing = false;
  const all = () => [...leases.values()];
  return { all, get: (id) => leases.get(id), own, begin, placeOf, stop, giveBackAll, end, endLost, close };

  function own(holder: Holder, id: string): HeldLease {
    const found = leases.get(id);
    if (found === undefined || found.holder !== holder) throw leaseNotFound(id);
    return found;
  }

  async function begin(holder: Holder, { label, engines, waitMs, insight }: AskedLease): Promise<HeldLease> {
    const id = randomBytes(4).toString('hex');
    const made: HeldLease = {
      ...{ id, label, holder, sinceMs: nowMs(), asked: new Map(), places: new Map() },
      ended: new AbortController(),
      ...(insight === undefined ? {} : { watched: watchQueries(engineOf, insight) }),
    };
    leases.set(id, made);
    const untilMs = performance.now() + waitMs;
    try {
      for (const engine of engines.toSorted()) await placeOf(made, engine, Math.max(untilMs - performance.now(), 0));
    } catch (thrown) {
      end(made);
      throw thrown;
    }
    return made;
  }

  function placeOf(of: HeldLease, engine: string, waitMs: number): Promise<Place> {
    const there = of.asked.get(engine);
    if (there !== undefined) return there;
    const taking = takePlace(of, engine, waitMs);
    of.asked.set(engine, taking);
    taking.catch(() => of.asked.delete(engine));
    return taking;
  }

  async function takePlace(of: HeldLease, engine: string, waitMs: number): Promise<Place> {
    const { label, holder, ended, places, watched } = of;
    const who = `${label} (process ${holder.owner.pid})`;
    const taken = await waitFor(of, engine, (signal) => pools.take(engine, { waitMs, label: who, signal }));
    await watched?.begin(engineOfStore(engine), taken);
    // Whoever wanted it may have gone meanwhile.
    if (!ended.signal.aborted) {
      places.set(engine, taken);
      return taken;
    }
    const unwatched = endWatch(of);
    background.follow(
      `a store of ${engine}`,
      afterWatch(unwatched, () => giveBack(engine, taken, false)),
    );
    throw leaseNotFound(of.id);
  }

  /** Remembers who waits for what, so that a wait that would never end is ended. */
  async function waitFor<Value>(lease: HeldLease, engine: string, take: (signal: AbortSignal) => Promise<Value>) {
    const refused = new AbortController();
    const wait: Wait = { lease, engine, refuse: (reason) => refused.abort(reason) };
    waits.add(wait);
    try {
      return await take(AbortSignal.any([lease.ended.signal, refused.signal]));
    } finally {
      waits.delete(wait);
    }
  }

  /** Returns the end of the watch of its queries, if there is one. */
  function stop(lease: HeldLease): Promise<unknown> | undefined {
    leases.delete(lease.id);
    const unwatched = endWatch(lease);
    lease.ended.abort(leaseNotFound(lease.id));
    return unwatched;
  }

  function endWatch({ id, watched }: HeldLease): Promise<unknown> | undefined {
    const unwatched = watched?.end();
    if (unwatched !== undefined) background.follow(`the watch of the lease ${id}`, unwatched);
    return unwatched;
  }

  /** A watch that ends later would end that of the next test in the same place. What is removed has no next test. */
  function afterWatch<Value>(unwatched: Promise<unknown> | undefined, work: () => Promise<Value>): Promise<Value> {
    if (unwatched === undefined || isClosing) return work();
    const { promise, resolve } = Promise.withResolvers<Value>();
    const begin = () => {
      if (delayed.delete(begin)) resolve(work());
    };
    delayed.add(begin);
    unwatched.then(begin, begin);
    return promise;
  }

  function end(lease: HeldLease, verify = false): Promise<readonly string[]> {
    // Given back twice, a place would be handed out twice.
    if (leases.get(lease.id) !== lease) return Promise.resolve([]);
    const unwatched = stop(lease);
    const given = afterWatch(unwatched, () => giveBackAll(lease, verify));
    background.follow(`the lease ${lease.id}`, given);
    return given;
  }

  async function giveBackAll(lease: HeldLease, verify: boolean): Promise<readonly string[]> {
    const given = [...lease.places].map(([engine, each]) => giveBack(engine, each, verify));
    return (await Promise.all(given)).flat();
  }

  async function giveBack(engine: string, given: Place, verify: boolean): Promise<readonly string[]> {
    if (!isClosing) {
      const found = await pools.poolOf(engine, given).giveBack(given, { verify });
      return found.map((difference) => `${engine}: ${difference}`);
    }
    await pools.poolOf(engine, given).drop(given);
    return [];
  }

  function endLost(): void {
    for (const each of all()) if (!isAlive(each.holder.owner)) end(each);
    const stuck = stuckWaits([...waits], all(), pools.status());
    stuck.at(-1)?.refuse(leaseDeadlock(stuck));
  }

  function close(): void {
    isClosing = true;
    // Before the pools close: what is out then is kept.
    for (const begin of delayed) begin();
    for (const each of all()) end(each);
  }
}
