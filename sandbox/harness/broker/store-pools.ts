import { EventEmitter, once } from 'node:events';
import { SandboxError } from '../../core/errors.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { Place, Places } from '../../engines/contract/isolation.ts';
import type { BackgroundWork } from './background-work.ts';
import type { BrokerOptions } from './broker-options.ts';
import type { KeptLeases } from './kept/kept-leases.ts';
import type { KeptLease } from './kept/kept-record.ts';
import { openPlaces } from './open-places.ts';
import { createPool, type Pool, type Take } from './pool.ts';
import type { PoolStatus } from './protocol/messages.ts';
import { engineOfStore, modeOfStore } from './store-name.ts';

/** A pool for each kind of stores, made when somebody first wants one, and made anew where the stack's store is another one. */
export interface StorePools {
  /**
   * A place that is made from what the store is now. The pool of what it was is given up: a test that runs goes on with what
   * it began with, which is removed when it comes back.
   */
  readonly take: (engine: string, options: Take) => Promise<Place>;
  /** The pool that a place is out of. */
  readonly poolOf: (engine: string, place: Place) => Pool;
  /** Told of a lease that is kept now: its places are none of pools that were given up, and somebody may wait for them. */
  readonly onKept: () => void;
  /** Removes a place of a kept lease, whichever broker has kept it. */
  readonly dropKept: (lease: KeptLease, engine: string, place: Place) => Promise<void>;
  readonly status: () => ReadonlyMap<string, PoolStatus>;
  readonly close: () => Promise<void>;
}

export interface StorePoolsOptions
  extends Pick<BrokerOptions, 'engineOf' | 'contentOf' | 'owner' | 'isAlive' | 'maximum' | 'keepsReady'> {
  readonly kept: KeptLeases;
  readonly background: BackgroundWork;
  /** Who has stores of this name, a line each. */
  readonly holdersOf: (engine: string) => readonly string[];
}

/** What those who wait for a pool are told when it is given up: its successor has a place for them. */
const outdated = new Error('the pool is of what its store no longer holds');

export function storePools(options: StorePoolsOptions): StorePools {
  const { contentOf, maximum = {}, keepsReady = true, kept, background } = options;
  const pools = new Map<string, Pool>();
  /** What the store of an engine was made of when its pool was made. */
  const contents = new Map<string, string>();
  /** Pools of what stores held before, until everything of them is gone. */
  const old = new Map<Pool, string>();
  /** By engine, until the last one of them has nothing but what is out. */
  const retiring = new Map<string, Promise<void>>();
  /** `back`: a place has come back. */
  const backs = new EventEmitter().setMaxListeners(0);
  return { take, poolOf, onKept, dropKept, status, close };

  async function take(engine: string, asked: Take): Promise<Place> {
    const beganMs = performance.now();
    for (;;) {
      await retireOld(engine);
      try {
        return await currentPool(engine).take({ ...asked, beganMs });
      } catch (thrown) {
        if (thrown !== outdated) throw thrown;
      }
    }
  }

  function currentPool(engine: string): Pool {
    const there = pools.get(engine);
    if (there !== undefined) return there;
    const isOfPool = ({ places }: KeptLease) => pool.has(places[engine]?.id ?? '');
    const pool: Pool = createPool({
      ...{ engine, keepsReady, ...withoutUndefined({ maximum: maximum[engineOfStore(engine)] }) },
      outElsewhere: () => outOfOld(engine),
      open: (signal) => openEngine(engine, signal),
      isOneKept: () => kept.all().some(isOfPool),
      makeRoom: () => kept.dropOldest(isOfPool),
      holders: () => options.holdersOf(engine),
      onProblem: background.noteProblem,
      onBack: () => onBack(engine, pool),
    });
    pools.set(engine, pool);
    return pool;
  }

  async function retireOld(engine: string): Promise<void> {
    const content = await contentOf?.(engineOfStore(engine));
    const pool = pools.get(engine);
    if (content === undefined) {
      if (pool === undefined) contents.delete(engine);
      return;
    }
    // One that was made while nobody knew of what may have half of it.
    const isSame = contents.get(engine) === content;
    contents.set(engine, content);
    if (pool === undefined || isSame) return;
    pools.delete(engine);
    old.set(pool, engine);
    const done = pool.retire(outdated);
    retiring.set(engine, done);
    // What is kept of it is left as what an earlier broker has kept.
    onKept();
    background.follow(
      `the pool of ${engine}`,
      done.finally(() => onBack(engine, pool)),
    );
  }

  function onKept(): void {
    for (const { places } of kept.all()) {
      for (const [engine, { id }] of Object.entries(places)) {
        for (const pool of oldOf(engine)) pool.letGo(id);
        pools.get(engine)?.work();
      }
    }
  }

  function oldOf(engine: string): readonly Pool[] {
    return [...old].flatMap(([pool, of]) => (of === engine ? [pool] : []));
  }

  function outOfOld(engine: string): number {
    return oldOf(engine).reduce((sum, pool) => sum + pool.out(), 0);
  }

  /** There may be room now for one more, and a pool that was given up may have been waiting for this one. */
  function onBack(engine: string, pool: Pool): void {
    pools.get(engine)?.work();
    // What it counted when it was opened is more by now.
    if (old.has(pool)) pools.get(engine)?.grow();
    backs.emit('back');
    for (const each of oldOf(engine)) {
      if (!each.isEmpty()) continue;
      old.delete(each);
      background.follow(`the pool of ${engine}`, each.close());
    }
  }

  /** Where old places leave no room for a new one, some of them are waited for. */
  async function openEngine(engine: string, signal: AbortSignal): Promise<Places> {
    // What went wrong with it is noted, and no reason to be without another one.
    await retiring.get(engine)?.catch(() => {});
    const opening = { ...options, hasPlace: (id: string) => hasPlace(engine, id), noteProblem: background.noteProblem };
    for (;;) {
      const outBefore = outOfOld(engine);
      const opened = await openPlaces(engine, opening).catch((thrown) => {
        if (outBefore === 0 || !isWithoutRoom(thrown)) throw thrown;
      });
      if (opened !== undefined && (outBefore === 0 || opened.capacity.places > 0)) return opened;
      await opened?.[Symbol.asyncDispose]();
      if (outOfOld(engine) === outBefore) await once(backs, 'back', { signal }).catch(() => {});
      signal.throwIfAborted();
    }
  }

  function hasPlace(engine: string, id: string): boolean {
    return kept.hasPlace(id) || findPool(engine, id) !== undefined;
  }

  function findPool(engine: string, id: string): Pool | undefined {
    return [pools.get(engine), ...oldOf(engine)].find((pool) => pool?.has(id));
  }

  function poolOf(engine: string, { id }: Place): Pool {
    const found = findPool(engine, id);
    if (found === undefined) throw new Error(`${id} is out of no pool of ${engine}`);
    return found;
  }

  /** A place of an earlier broker is none that a pool has. */
  async function dropKept(_: KeptLease, engine: string, dropped: Place): Promise<void> {
    const pool = findPool(engine, dropped.id);
    if (pool !== undefined) return pool.drop(dropped);
    const { isolation, running } = await options.engineOf(engineOfStore(engine));
    await modeOfStore(isolation, engine).sweep(running, (_maker, id) => id !== dropped.id);
    pools.get(engine)?.grow();
  }

  function status(): ReadonlyMap<string, PoolStatus> {
    return new Map(
      [...pools].map(([engine, pool]) => {
        const [own, elsewhere] = [pool.status(), outOfOld(engine)];
        return [engine, { ...own, out: own.out + elsewhere, places: own.places + elsewhere }];
      }),
    );
  }

  async function close(): Promise<void> {
    await Promise.all([...pools.values(), ...old.keys()].map((pool) => pool.close()));
  }
}

/** What an engine says whose server has no room for a place. */
function isWithoutRoom(thrown: unknown): boolean {
  return thrown instanceof SandboxError && thrown.code === 'NOT_SUPPORTED';
}
