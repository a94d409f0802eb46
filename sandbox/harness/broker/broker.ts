import { withoutUndefined } from '../../core/without-undefined.ts';
import type { Place } from '../../engines/contract/isolation.ts';
import { linesOfGaps } from '../../stack/furnish/schema-gaps.ts';
import type { QueryReport } from '../insight/findings.ts';
import { backgroundWork } from './background-work.ts';
import type { BrokerOptions } from './broker-options.ts';
import type { HeldLease, Holder } from './held-lease.ts';
import { type AskedLease, heldLeases } from './held-leases.ts';
import { createKeptLeases } from './kept/kept-leases.ts';
import type { Answers, BrokerStatus, Keep, Places, ShownLease } from './protocol/messages.ts';
import { describeLease, isolationBroken, leaseInUse, leaseNotFound, shownHeld, shownKept } from './shown-lease.ts';
import { byEngine, engineOfStore } from './store-name.ts';
import { storePools } from './store-pools.ts';

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

/** Differences of a schema that are told: so many lines are less than an answer may have. */
const gapsShownMax = 50;

/** How often ages of kept leases, processes that have leases, and who waits for whom are looked at, in milliseconds. */
const lookMs = 1_000;

export async function createBroker(options: BrokerOptions): Promise<Broker> {
  const background = backgroundWork();
  const { follow, noteProblem } = background;
  const { record } = options;
  const kept = await createKeptLeases({ record, dropPlace: (...dropped) => pools.dropKept(...dropped), follow });
  const pools = storePools({
    ...{ ...options, kept, background },
    holdersOf: (engine) => shown().flatMap((each) => (each.engines.includes(engine) ? describeLease(each) : [])),
  });
  const held = heldLeases({ ...options, pools, background });
  const looking = setInterval(look, lookMs).unref();
  return { lease, place, drift, release, forget, list, show, drop, noteProblem, [Symbol.asyncDispose]: close };

  async function lease(holder: Holder, asked: AskedLease) {
    const { id, places } = await held.begin(holder, asked);
    return { lease: id, places: Object.fromEntries(places) };
  }

  async function place(holder: Holder, asked: Parameters<Broker['place']>[1]): Promise<Place> {
    return held.placeOf(held.own(holder, asked.lease), asked.engine, asked.waitMs);
  }

  async function drift(holder: Holder, asked: Parameters<Broker['drift']>[1]): Promise<Answers['drift']> {
    const there = held.own(holder, asked.lease).places.get(asked.engine);
    if (there === undefined) throw leaseNotFound(asked.lease);
    const gaps = await pools.poolOf(asked.engine, there).schemaGaps(there);
    const shownGaps = gaps.slice(0, gapsShownMax).map((gap) => ({ engine: engineOfStore(asked.engine), ...gap }));
    return { count: gaps.length, lines: linesOfGaps(shownGaps) };
  }

  async function release(holder: Holder, { lease: id, verify, keep }: AskedRelease) {
    const own = held.own(holder, id);
    // While everything is as the test has left it.
    const queries = withoutUndefined({ queries: await own.watched?.end() });
    // Whoever has it may have gone meanwhile.
    held.own(holder, id);
    if (keep !== undefined && keep.atMost > 0 && own.places.size > 0) {
      await keepLease(own, keep);
      return { kept: true, ...queries };
    }
    const differences = held.end(own, verify);
    const found = verify ? await differences : [];
    if (found.length > 0) throw isolationBroken(own.label, found);
    return { kept: false, ...queries };
  }

  async function keepLease(own: HeldLease, bounds: Keep): Promise<void> {
    held.stop(own);
    const { id, label, holder } = own;
    const settled = [...own.places].map(async ([engine, each]) => {
      return [engine, await pools.poolOf(engine, each).keep(each)] as const;
    });
    await Promise.allSettled(settled);
    const places = await Promise.all(settled).then(Object.fromEntries<Place>, (thrown) => {
      // What cannot be kept is not to be lost either.
      follow(`the lease ${id}`, held.giveBackAll(own, false));
      throw thrown;
    });
    kept.keep({ id, label, processId: holder.owner.pid, places }, bounds);
    pools.onKept();
  }

  function forget(holder: Holder): void {
    for (const each of held.all()) if (each.holder === holder) held.end(each);
  }

  function look(): void {
    kept.dropExpired();
    held.endLost();
  }

  function shown(): readonly ShownLease[] {
    return [...held.all().map(shownHeld), ...kept.all().map(shownKept)];
  }

  function list(): BrokerStatus {
    return { leases: shown(), pools: [...pools.status().values()], problems: background.problems() };
  }

  function show(id: string) {
    const own = held.get(id);
    if (own !== undefined) return { lease: shownHeld(own), places: byEngine(Object.fromEntries(own.places)) };
    const found = kept.get(id);
    if (found === undefined) throw leaseNotFound(id);
    return { lease: shownKept(found), places: byEngine(found.places) };
  }

  async function drop(id: string): Promise<void> {
    const own = held.get(id);
    if (own !== undefined) throw leaseInUse(own);
    const found = kept.get(id);
    if (found === undefined) throw leaseNotFound(id);
    await kept.drop(found);
  }

  async function close(): Promise<void> {
    clearInterval(looking);
    held.close();
    await pools.close();
    await background.settled();
    await kept.written();
  }
}
