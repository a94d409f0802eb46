import { randomBytes } from 'node:crypto';
import { nowMs } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { Insight } from '../../engines/contract/insight.ts';
import type { Isolation, Place, PlaceOwner } from '../../engines/contract/isolation.ts';
import { isolationModes } from '../../engines/contract/isolation-modes.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import { linesOfGaps } from '../../stack/furnish/schema-gaps.ts';
import type { InsightOptions, QueryReport } from '../insight/findings.ts';
import { createKeptLeases } from './kept/kept-leases.ts';
import type { KeptLease, KeptRecord } from './kept/kept-record.ts';
import { createPool, type Pool } from './pool.ts';
import type { Answers, BrokerStatus, Keep, Places, ShownLease } from './protocol/messages.ts';
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
import { byEngine, engineOfStore, modeOfStore } from './store-name.ts';
import { leaseDeadlock, stuckWaits, type Wait } from './stuck-waits.ts';
import { watchQueries } from './watched-queries.ts';

/** An engine that runs, as a broker needs it. */
export interface LeasedEngine {
  readonly isolation: Isolation;
  readonly running: RunningEngine;
  /** What tells a test's queries, or why nothing does. */
  readonly insight: Insight | string;
}

export interface BrokerOptions {
  /** Throws where there is no such engine, it is not able, or it does not run. */
  readonly engineOf: (name: string) => Promise<LeasedEngine>;
  /**
   * What an engine's store was made of: where that is otherwise, places of it are made anew. `undefined`: it is being made, or
   * nobody knows. Default: always the same.
   */
  readonly contentOf?: (engine: string) => Promise<string | undefined>;
  readonly record: KeptRecord;
  /** This process: what it makes is marked with it. */
  readonly owner: PlaceOwner;
  readonly isAlive: (owner: PlaceOwner) => boolean;
  /** Most places by engine. Default: what its server has room for. */
  readonly maximum?: Readonly<Partial<Record<string, number>>>;
  /** Whether places are made ahead and used again. Default: true. */
  readonly keepsReady?: boolean;
}

/** Hands out leases of places, by names of stores (`store-name.ts`). One process has it for a stack. */
export interface Broker extends AsyncDisposable {
  /** Places of these engines, taken in the order of their names, so that no two who ask wait for each other. */
  readonly lease: (holder: Holder, asked: AskedLease) => Promise<{ readonly lease: string; readonly places: Places }>;
  /** One more place of a lease; the same one where it has one already. */
  readonly place: (holder: Holder, asked: { lease: string; engine: string; waitMs: number }) => Promise<Place>;
  /** What a lease's place lacks of the schema, or has otherwise, a line each; the first of them. */
  readonly drift: (holder: Holder, asked: { lease: string; engine: string }) => Promise<Answers['drift']>;
  /** Gives a lease back, or keeps it. Throws `ISOLATION_BROKEN` where it is to be verified, and differs. */
  readonly release: (holder: Holder, asked: AskedRelease) => Promise<Released>;
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
  readonly insight?: Required<InsightOptions>;
}

interface Released {
  readonly kept: boolean;
  /** Of a lease whose queries were to be looked at. */
  readonly queries?: QueryReport;
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

/** How often ages of kept leases, processes that have leases, and who waits for whom are looked at, in milliseconds. */
const lookMs = 1_000;

export async function createBroker(options: BrokerOptions): Promise<Broker> {
  const { engineOf, record, owner, isAlive, maximum = {}, keepsReady = true, contentOf } = options;
  const pools = new Map<string, Pool>();
  /** What the store of an engine was made of when its pool was made. */
  const contents = new Map<string, string>();
  /** How many take a place, or keep one, by engine. */
  const inUse = new Map<string, number>();
  /** Pools of what a store held before, until they have removed their places. */
  const retired = new Map<string, Promise<void>>();
  const leases = new Map<string, Lease>();
  /** Kept by this process: their places count in its pools. */
  const keptHere = new Set<string>();
  /** In the order of their beginning. */
  const waits = new Set<Wait>();
  const underWay = new Set<Promise<unknown>>();
  const problems: string[] = [];
  let isClosing = false;
  const kept = await createKeptLeases({ record, dropPlace, follow });
  const looking = setInterval(look, lookMs).unref();
  return { lease, place, drift, release, forget, list, show, drop, noteProblem, [Symbol.asyncDispose]: close };

  async function lease(holder: Holder, { label, engines, waitMs, insight }: AskedLease) {
    const id = randomBytes(4).toString('hex');
    const made: Lease = {
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
    return { lease: id, places: Object.fromEntries(made.places) };
  }

  async function place(holder: Holder, asked: Parameters<Broker['place']>[1]): Promise<Place> {
    return placeOf(ownLease(holder, asked.lease), asked.engine, asked.waitMs);
  }

  async function drift(holder: Holder, asked: Parameters<Broker['drift']>[1]): Promise<Answers['drift']> {
    const there = ownLease(holder, asked.lease).places.get(asked.engine);
    if (there === undefined) throw leaseNotFound(asked.lease);
    const gaps = await poolOf(asked.engine).schemaGaps(there);
    const shown = gaps.slice(0, gapsShownMax).map((gap) => ({ engine: engineOfStore(asked.engine), ...gap }));
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

  async function takePlace(of: Lease, engine: string, waitMs: number): Promise<Place> {
    const { label, holder, ended, places, watched } = of;
    await retireOld(engine);
    const who = `${label} (process ${holder.owner.pid})`;
    return counted([engine], async () => {
      const taken = await waitFor(of, engine, (signal) => poolOf(engine).take({ waitMs, label: who, signal }));
      await watched?.begin(engineOfStore(engine), taken);
      // Whoever wanted it may have gone meanwhile.
      if (!ended.signal.aborted) {
        places.set(engine, taken);
        return taken;
      }
      if (watched !== undefined) follow(`the watch of ${engine}`, watched.end());
      follow(`a store of ${engine}`, giveBack(engine, taken, false));
      throw leaseNotFound(of.id);
    });
  }

  /** Remembers who waits for what, so that a wait that would never end is ended. */
  async function waitFor<Value>(lease: Lease, engine: string, take: (signal: AbortSignal) => Promise<Value>) {
    const refused = new AbortController();
    const wait: Wait = { lease, engine, refuse: (reason) => refused.abort(reason) };
    waits.add(wait);
    try {
      return await take(AbortSignal.any([lease.ended.signal, refused.signal]));
    } finally {
      waits.delete(wait);
    }
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

  /** While it goes on, the pools of these engines stay as they are. */
  async function counted<Value>(engines: readonly string[], work: () => Promise<Value>): Promise<Value> {
    const count = (change: number) => {
      for (const engine of engines) inUse.set(engine, (inUse.get(engine) ?? 0) + change);
    };
    count(1);
    try {
      return await work();
    } finally {
      count(-1);
    }
  }

  /**
   * Gives up a pool whose places are made from what the store no longer is, once nobody else has any of them: a test that runs
   * goes on with what it began with.
   */
  async function retireOld(engine: string): Promise<void> {
    const content = await contentOf?.(engineOfStore(engine));
    if (content === undefined) return;
    const pool = pools.get(engine);
    // One that was made while nobody knew of what may have half of it.
    const isSame = contents.get(engine) === content;
    if (pool === undefined || isSame) {
      contents.set(engine, content);
      return;
    }
    const isInUse = [...leases.values()].some(({ places }) => places.has(engine)) || (inUse.get(engine) ?? 0) > 0;
    if (isInUse) return;
    pools.delete(engine);
    contents.set(engine, content);
    // What is kept of it is left as what an earlier broker has kept.
    for (const { id, places } of kept.all()) if (Object.hasOwn(places, engine)) keptHere.delete(id);
    const closing = pool.close();
    retired.set(engine, closing);
    follow(`the pool of ${engine}`, closing);
  }

  async function openEngine(engine: string) {
    // What went wrong with it is noted, and no reason to be without another one.
    await retired.get(engine)?.catch(() => {});
    const name = engineOfStore(engine);
    const { isolation, running } = await engineOf(name);
    const opened = modeOfStore(isolation, engine);
    for (const mode of isolationModes(isolation)) {
      const swept = await mode.sweep(running, (maker, id) => isNeeded(maker, id, mode === opened));
      if (swept > 0) noteProblem(`${name}: ${swept} stores of a broker that was killed were removed`);
    }
    return opened.open(running, { owner, ...withoutUndefined({ maximum: maximum[name] }) });
  }

  /** Whether somebody still has a place. Of this process there is none yet of a mode that it opens. */
  function isNeeded(maker: PlaceOwner, id: string, isOpening: boolean): boolean {
    const isThis = maker.pid === owner.pid && maker.startedAtMs === owner.startedAtMs;
    return kept.hasPlace(id) || (!(isThis && isOpening) && isAlive(maker));
  }

  function ownLease(holder: Holder, id: string): Lease {
    const found = leases.get(id);
    if (found === undefined || found.holder !== holder) throw leaseNotFound(id);
    return found;
  }

  async function release(holder: Holder, { lease: id, verify, keep }: AskedRelease) {
    const own = ownLease(holder, id);
    // While everything is as the test has left it.
    const queries = withoutUndefined({ queries: await own.watched?.end() });
    // Whoever has it may have gone meanwhile.
    ownLease(holder, id);
    if (keep !== undefined && keep.atMost > 0 && own.places.size > 0) {
      await counted([...own.places.keys()], () => keepLease(own, keep));
      return { kept: true, ...queries };
    }
    const differences = end(own, verify);
    const found = verify ? await differences : [];
    if (found.length > 0) throw isolationBroken(own.label, found);
    return { kept: false, ...queries };
  }

  async function keepLease(own: Lease, bounds: Keep): Promise<void> {
    stop(own);
    const { id, label, holder } = own;
    const settled = [...own.places].map(async ([engine, each]) => [engine, await poolOf(engine).keep(each)] as const);
    await Promise.allSettled(settled);
    const places = await Promise.all(settled).then(Object.fromEntries<Place>, (thrown) => {
      // What cannot be kept is not to be lost either.
      follow(`the lease ${id}`, giveBackAll(own, false));
      throw thrown;
    });
    keptHere.add(id);
    kept.keep({ id, label, processId: holder.owner.pid, places }, bounds);
  }

  function stop(own: Lease): void {
    leases.delete(own.id);
    if (own.watched !== undefined) follow(`the watch of the lease ${own.id}`, own.watched.end());
    own.ended.abort(leaseNotFound(own.id));
  }

  /** Gives the places of a lease back, and says what differs from new ones afterwards. One that has ended has none. */
  function end(own: Lease, verify = false): Promise<readonly string[]> {
    // Given back twice, a place would be handed out twice.
    if (leases.get(own.id) !== own) return Promise.resolve([]);
    stop(own);
    const all = giveBackAll(own, verify);
    follow(`the lease ${own.id}`, all);
    return all;
  }

  async function giveBackAll(own: Lease, verify: boolean): Promise<readonly string[]> {
    const given = [...own.places].map(([engine, each]) => giveBack(engine, each, verify));
    return (await Promise.all(given)).flat();
  }

  async function giveBack(engine: string, given: Place, verify: boolean): Promise<readonly string[]> {
    if (!isClosing) {
      const found = await poolOf(engine).giveBack(given, { verify });
      return found.map((difference) => `${engine}: ${difference}`);
    }
    await poolOf(engine).drop(given);
    return [];
  }

  function forget(holder: Holder): void {
    for (const each of [...leases.values()]) if (each.holder === holder) end(each);
  }

  function look(): void {
    kept.dropExpired();
    for (const each of [...leases.values()]) if (!isAlive(each.holder.owner)) end(each);
    const status = new Map([...pools].map(([engine, pool]) => [engine, pool.status()]));
    const stuck = stuckWaits([...waits], [...leases.values()], status);
    stuck.at(-1)?.refuse(leaseDeadlock(stuck));
  }

  /** A place of an earlier broker is none that a pool has. */
  async function dropPlace({ id: leaseId }: KeptLease, engine: string, dropped: Place): Promise<void> {
    if (keptHere.has(leaseId)) return poolOf(engine).drop(dropped);
    const { isolation, running } = await engineOf(engineOfStore(engine));
    await modeOfStore(isolation, engine).sweep(running, (_, id) => id !== dropped.id);
  }

  function shown(): readonly ShownLease[] {
    return [...[...leases.values()].map(shownHeld), ...kept.all().map(shownKept)];
  }

  function list(): BrokerStatus {
    return { leases: shown(), pools: [...pools.values()].map((pool) => pool.status()), problems: [...problems] };
  }

  function show(id: string) {
    const held = leases.get(id);
    if (held !== undefined) return { lease: shownHeld(held), places: byEngine(Object.fromEntries(held.places)) };
    const found = kept.get(id);
    if (found === undefined) throw leaseNotFound(id);
    return { lease: shownKept(found), places: byEngine(found.places) };
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
