import { randomBytes } from 'node:crypto';
import { nowMs } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { Isolation, Place, PlaceOwner } from '../../engines/contract/isolation.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import { linesOfGaps } from '../../stack/furnish/schema-gaps.ts';
import { createKeptLeases } from './kept-leases.ts';
import type { KeptLease, KeptRecord } from './kept-record.ts';
import type { Answers, BrokerStatus, Keep, Places, ShownLease } from './messages.ts';
import { createPool, type Pool } from './pool.ts';
import {
  describeLease,
  type Holder,
  isolationBroken,
  type Lease,
  leaseInUse,
  leaseNotFound,
  shownHeld,
  shownKept,
} from './shown-lease.ts';

/** An engine that runs, as a broker needs it. */
export interface LeasedEngine {
  readonly isolation: Isolation;
  readonly running: RunningEngine;
}

export interface BrokerOptions {
  /** Throws where there is no such engine, it is not able, or it does not run. */
  readonly engineOf: (name: string) => Promise<LeasedEngine>;
  readonly record: KeptRecord;
  /** This process: what it makes is marked with it. */
  readonly owner: PlaceOwner;
  readonly isAlive: (owner: PlaceOwner) => boolean;
  /** Most places by engine. Default: what its server has room for. */
  readonly maximum?: Readonly<Partial<Record<string, number>>>;
  /** Whether places are made ahead and used again. Default: true. */
  readonly keepsReady?: boolean;
}

/** Hands out leases of places. One process has it for a stack. */
export interface Broker extends AsyncDisposable {
  /** Places of these engines, taken in the order of their names, so that no two who ask wait for each other. */
  readonly lease: (holder: Holder, asked: AskedLease) => Promise<{ readonly lease: string; readonly places: Places }>;
  /** One more place of a lease; the same one where it has one already. */
  readonly place: (holder: Holder, asked: { lease: string; engine: string; waitMs: number }) => Promise<Place>;
  /** What a lease's place lacks of the schema, or has otherwise, a line each; the first of them. */
  readonly drift: (holder: Holder, asked: { lease: string; engine: string }) => Promise<Answers['drift']>;
  /** Gives a lease back, or keeps it. Throws `ISOLATION_BROKEN` where it is to be verified, and differs. */
  readonly release: (holder: Holder, asked: AskedRelease) => Promise<{ readonly kept: boolean }>;
  /** Gives back everything that somebody has who is gone. */
  readonly forget: (holder: Holder) => void;
  readonly list: () => BrokerStatus;
  readonly show: (id: string) => { readonly lease: ShownLease; readonly places: Places };
  /** Gives a kept lease up. Throws `LEASE_NOT_FOUND`, `LEASE_IN_USE`. */
  readonly drop: (id: string) => Promise<void>;
  /** Remembers what went wrong off the path of any test. */
  readonly noteProblem: (problem: string) => void;
}

interface AskedLease {
  readonly label: string;
  readonly engines: readonly string[];
  readonly waitMs: number;
}

interface AskedRelease {
  readonly lease: string;
  readonly verify: boolean;
  readonly keep?: Keep;
}

/** Problems that are remembered, the latest of them. */
const problemsMax = 20;

/** Differences of a schema that are told: so many lines are less than an answer may have. */
const gapsShownMax = 50;

/** How often ages of kept leases, and processes that have leases, are looked at, in milliseconds. */
const lookMs = 1_000;

export async function createBroker(options: BrokerOptions): Promise<Broker> {
  const { engineOf, record, owner, isAlive, maximum = {}, keepsReady = true } = options;
  const pools = new Map<string, Pool>();
  const leases = new Map<string, Lease>();
  /** Kept by this process: their places count in its pools. */
  const keptHere = new Set<string>();
  const underWay = new Set<Promise<unknown>>();
  const problems: string[] = [];
  let isClosing = false;
  const kept = await createKeptLeases({ record, dropPlace, follow });
  const looking = setInterval(look, lookMs).unref();
  return { lease, place, drift, release, forget, list, show, drop, noteProblem, [Symbol.asyncDispose]: close };

  async function lease(holder: Holder, { label, engines, waitMs }: AskedLease) {
    const id = randomBytes(4).toString('hex');
    const made: Lease = {
      ...{ id, label, holder, sinceMs: nowMs(), asked: new Map(), places: new Map() },
      ended: new AbortController(),
    };
    leases.set(id, made);
    const untilMs = performance.now() + waitMs;
    try {
      for (const engine of engines.toSorted()) await placeOf(made, engine, Math.max(untilMs - performance.now(), 0));
    } catch (thrown) {
      end(made);
      throw thrown;
    }
    return { lease: id, places: Object.fromEntries(made.places) };
  }

  async function place(holder: Holder, asked: Parameters<Broker['place']>[1]): Promise<Place> {
    return placeOf(ownLease(holder, asked.lease), asked.engine, asked.waitMs);
  }

  async function drift(holder: Holder, asked: Parameters<Broker['drift']>[1]): Promise<Answers['drift']> {
    const there = ownLease(holder, asked.lease).places.get(asked.engine);
    if (there === undefined) throw leaseNotFound(asked.lease);
    const gaps = await poolOf(asked.engine).schemaGaps(there);
    const shown = gaps.slice(0, gapsShownMax).map((gap) => ({ engine: asked.engine, ...gap }));
    return { count: gaps.length, lines: linesOfGaps(shown) };
  }

  function placeOf(of: Lease, engine: string, waitMs: number): Promise<Place> {
    const there = of.asked.get(engine);
    if (there !== undefined) return there;
    const taking = takePlace(of, engine, waitMs);
    of.asked.set(engine, taking);
    taking.catch(() => of.asked.delete(engine));
    return taking;
  }

  async function takePlace({ label, holder, ended, places }: Lease, engine: string, waitMs: number): Promise<Place> {
    const who = `${label} (process ${holder.owner.pid})`;
    const taken = await poolOf(engine).take({ waitMs, label: who, signal: ended.signal });
    // Whoever wanted it may have gone meanwhile.
    if (ended.signal.aborted) follow(`a store of ${engine}`, poolOf(engine).giveBack(taken, { verify: false }));
    else places.set(engine, taken);
    return taken;
  }

  function poolOf(engine: string): Pool {
    const there = pools.get(engine);
    if (there !== undefined) return there;
    const pool = createPool({
      engine,
      keepsReady,
      open: () => openEngine(engine),
      makeRoom: () => kept.dropOldest(({ id, places }) => keptHere.has(id) && Object.hasOwn(places, engine)),
      holders: () => shown().flatMap((each) => (each.engines.includes(engine) ? describeLease(each) : [])),
      onProblem: noteProblem,
    });
    pools.set(engine, pool);
    return pool;
  }

  async function openEngine(engine: string) {
    const { isolation, running } = await engineOf(engine);
    const swept = await isolation.sweep(running, isNeeded);
    if (swept > 0) noteProblem(`${engine}: ${swept} stores of a broker that was killed were removed`);
    return isolation.open(running, { owner, ...withoutUndefined({ maximum: maximum[engine] }) });
  }

  /** Whether somebody still has a place. Of this process there is none yet of an engine that it opens. */
  function isNeeded(maker: PlaceOwner, id: string): boolean {
    const isThis = maker.pid === owner.pid && maker.startedAtMs === owner.startedAtMs;
    return kept.hasPlace(id) || (!isThis && isAlive(maker));
  }

  function ownLease(holder: Holder, id: string): Lease {
    const found = leases.get(id);
    if (found === undefined || found.holder !== holder) throw leaseNotFound(id);
    return found;
  }

  async function release(holder: Holder, { lease: id, verify, keep }: AskedRelease) {
    const own = ownLease(holder, id);
    if (keep !== undefined && keep.atMost > 0 && own.places.size > 0) {
      await keepLease(own, keep);
      return { kept: true };
    }
    const differences = end(own, verify);
    const found = verify ? await differences : [];
    if (found.length > 0) throw isolationBroken(own.label, found);
    return { kept: false };
  }

  async function keepLease(own: Lease, bounds: Keep): Promise<void> {
    stop(own);
    const { id, label, holder } = own;
    const settled = [...own.places].map(async ([engine, each]) => [engine, await poolOf(engine).keep(each)] as const);
    const places = Object.fromEntries(await Promise.all(settled));
    keptHere.add(id);
    kept.keep({ id, label, processId: holder.owner.pid, places }, bounds);
  }

  function stop(own: Lease): void {
    leases.delete(own.id);
    own.ended.abort(leaseNotFound(own.id));
  }

  /** Gives the places of a lease back, and says what differs from new ones afterwards. */
  function end(own: Lease, verify = false): Promise<readonly string[]> {
    stop(own);
    const given = [...own.places].map(async ([engine, each]) => {
      if (isClosing)
        return poolOf(engine)
          .drop(each)
          .then(() => []);
      const found = await poolOf(engine).giveBack(each, { verify });
      return found.map((difference) => `${engine}: ${difference}`);
    });
    const all = Promise.all(given).then((each) => each.flat());
    follow(`the lease ${own.id}`, all);
    return all;
  }

  function forget(holder: Holder): void {
    for (const each of [...leases.values()]) if (each.holder === holder) end(each);
  }

  function look(): void {
    kept.dropExpired();
    for (const each of [...leases.values()]) if (!isAlive(each.holder.owner)) end(each);
  }

  /** A place of an earlier broker is none that a pool has. */
  async function dropPlace({ id: leaseId }: KeptLease, engine: string, dropped: Place): Promise<void> {
    if (keptHere.has(leaseId)) return poolOf(engine).drop(dropped);
    const { isolation, running } = await engineOf(engine);
    await isolation.sweep(running, (_, id) => id !== dropped.id);
  }

  function shown(): readonly ShownLease[] {
    return [...[...leases.values()].map(shownHeld), ...kept.all().map(shownKept)];
  }

  function list(): BrokerStatus {
    return { leases: shown(), pools: [...pools.values()].map((pool) => pool.status()), problems: [...problems] };
  }

  function show(id: string) {
    const held = leases.get(id);
    if (held !== undefined) return { lease: shownHeld(held), places: Object.fromEntries(held.places) };
    const found = kept.get(id);
    if (found === undefined) throw leaseNotFound(id);
    return { lease: shownKept(found), places: found.places };
  }

  async function drop(id: string): Promise<void> {
    const held = leases.get(id);
    if (held !== undefined) throw leaseInUse(held);
    const found = kept.get(id);
    if (found === undefined) throw leaseNotFound(id);
    await kept.drop(found);
  }

  function noteProblem(problem: string): void {
    problems.push(problem);
    if (problems.length > problemsMax) problems.shift();
  }

  function follow(what: string, work: Promise<unknown>): void {
    const done = work.catch((thrown) => noteProblem(`${what}: ${messageOf(thrown)}`));
    underWay.add(done);
    done.then(() => underWay.delete(done));
  }

  async function close(): Promise<void> {
    clearInterval(looking);
    isClosing = true;
    for (const each of [...leases.values()]) end(each);
    await Promise.all([...pools.values()].map((pool) => pool.close()));
    while (underWay.size > 0) await Promise.all(underWay);
    await kept.written();
  }
}
