import { withoutUndefined } from '../../core/without-undefined.ts';
import type { Place, PlaceOwner } from '../../engines/contract/isolation.ts';
import { isolationModes } from '../../engines/contract/isolation-modes.ts';
import type { BackgroundWork } from './background-work.ts';
import type { BrokerOptions } from './broker-options.ts';
import type { KeptLeases } from './kept/kept-leases.ts';
import type { KeptLease } from './kept/kept-record.ts';
import { createPool, type Pool } from './pool.ts';
import type { PoolStatus } from './protocol/messages.ts';
import { engineOfStore, modeOfStore } from './store-name.ts';

/** A pool for each kind of stores, made when somebody first wants one, and made anew where the stack's store is another one. */
export interface StorePools {
  readonly poolOf: (engine: string) => Pool;
  /** While `work` goes on, the pools of these engines stay as they are. */
  readonly counted: <Value>(engines: readonly string[], work: () => Promise<Value>) => Promise<Value>;
  /**
   * Gives up a pool whose places are made from what the store no longer is, once nobody else has any of them: a test that runs
   * goes on with what it began with.
   */
  readonly retireOld: (engine: string) => Promise<void>;
  /** The places of this lease stay out: it is kept. */
  readonly keepOut: (leaseId: string) => void;
  /** Removes a place of a kept lease, whichever broker has kept it. */
  readonly dropKept: (lease: KeptLease, engine: string, place: Place) => Promise<void>;
  readonly status: () => ReadonlyMap<string, PoolStatus>;
  readonly close: () => Promise<void>;
}

export interface StorePoolsOptions
  extends Pick<BrokerOptions, 'engineOf' | 'contentOf' | 'owner' | 'isAlive' | 'maximum' | 'keepsReady'> {
  readonly kept: KeptLeases;
  readonly background: BackgroundWork;
  /** Whether a lease has a store of this name. */
  readonly isHeld: (engine: string) => boolean;
  /** Who has stores of this name, a line each. */
  readonly holdersOf: (engine: string) => readonly string[];
}

export function storePools(options: StorePoolsOptions): StorePools {
  const { engineOf, contentOf, owner, isAlive, maximum = {}, keepsReady = true, kept, background } = options;
  const pools = new Map<string, Pool>();
  /** What the store of an engine was made of when its pool was made. */
  const contents = new Map<string, string>();
  /** How many take a place, or keep one, by engine. */
  const inUse = new Map<string, number>();
  /** Pools of what a store held before, until they have removed their places. */
  const retired = new Map<string, Promise<void>>();
  /** Kept by this process: their places count in its pools. */
  const keptHere = new Set<string>();
  return { poolOf, counted, retireOld, keepOut: (leaseId) => keptHere.add(leaseId), dropKept, status, close };

  function poolOf(engine: string): Pool {
    const there = pools.get(engine);
    if (there !== undefined) return there;
    const pool = createPool({
      engine,
      keepsReady,
      open: () => openEngine(engine),
      makeRoom: () => kept.dropOldest(({ id, places }) => keptHere.has(id) && Object.hasOwn(places, engine)),
      holders: () => options.holdersOf(engine),
      onProblem: background.noteProblem,
    });
    pools.set(engine, pool);
    return pool;
  }

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
    const isInUse = options.isHeld(engine) || (inUse.get(engine) ?? 0) > 0;
    if (isInUse) return;
    pools.delete(engine);
    contents.set(engine, content);
    // What is kept of it is left as what an earlier broker has kept.
    for (const { id, places } of kept.all()) if (Object.hasOwn(places, engine)) keptHere.delete(id);
    const closing = pool.close();
    retired.set(engine, closing);
    background.follow(`the pool of ${engine}`, closing);
  }

  async function openEngine(engine: string) {
    // What went wrong with it is noted, and no reason to be without another one.
    await retired.get(engine)?.catch(() => {});
    const name = engineOfStore(engine);
    const { isolation, running } = await engineOf(name);
    const opened = modeOfStore(isolation, engine);
    for (const mode of isolationModes(isolation)) {
      const swept = await mode.sweep(running, (maker, id) => isNeeded(maker, id, mode === opened));
      if (swept > 0) background.noteProblem(`${name}: ${swept} stores of a broker that was killed were removed`);
    }
    return opened.open(running, { owner, ...withoutUndefined({ maximum: maximum[name] }) });
  }

  /** Whether somebody still has a place. Of this process there is none yet of a mode that it opens. */
  function isNeeded(maker: PlaceOwner, id: string, isOpening: boolean): boolean {
    const isThis = maker.pid === owner.pid && maker.startedAtMs === owner.startedAtMs;
    return kept.hasPlace(id) || (!(isThis && isOpening) && isAlive(maker));
  }

  /** A place of an earlier broker is none that a pool has. */
  async function dropKept({ id: leaseId }: KeptLease, engine: string, dropped: Place): Promise<void> {
    if (keptHere.has(leaseId)) return poolOf(engine).drop(dropped);
    const { isolation, running } = await engineOf(engineOfStore(engine));
    await modeOfStore(isolation, engine).sweep(running, (_, id) => id !== dropped.id);
  }

  function status(): ReadonlyMap<string, PoolStatus> {
    return new Map([...pools].map(([engine, pool]) => [engine, pool.status()]));
  }

  async function close(): Promise<void> {
    await Promise.all([...pools.values()].map((pool) => pool.close()));
  }
}
